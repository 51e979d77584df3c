#include "sim/product_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/error.h"
#include "sim/testing.h"

namespace concrete::sim {
namespace {

using ::testing::HasSubstr;

template <typename Make>
std::string error_of(Make make) {
    try {
        make();
    } catch (const InputError& error) {
        return error.what();
    }
    return "accepted";
}

TEST(ProductModel, ReadsTheTableWithActivationFirst) {
    const auto op = testing::random_multiplier(4, 5, 9, true, 1);
    const ProductModel model(op, {-8, 7}, {-15, 15}, false);
    for (int64_t a = -8; a <= 7; ++a) {
        for (int64_t w = -15; w <= 15; ++w) {
            ASSERT_EQ(model.product(a, w), op->lut[static_cast<size_t>((a & 15) * 32 + (w & 31))]);
            ASSERT_EQ(model.row(a)[w + 15], model.product(a, w));
        }
    }
}

TEST(ProductModel, NarrowCodesAreExtendedToThePort) {
    const auto op = testing::random_multiplier(8, 8, 16, true, 2);
    const ProductModel model(op, {-7, 7}, {-1, 1}, false);
    EXPECT_EQ(model.product(-7, -1), op->lut[0xF9 * 256 + 0xFF]);
}

TEST(ProductModel, SignMagnitudeNegatesExactlyWhenSignsDiffer) {
    const auto op = testing::random_multiplier(8, 8, 16, false, 3);
    const ProductModel model(op, {-128, 127}, {-255, 255}, true);
    EXPECT_EQ(model.product(-128, 3), -op->lut[128 * 256 + 3]);
    EXPECT_EQ(model.product(-5, -255), op->lut[5 * 256 + 255]);
    EXPECT_EQ(model.product(0, -9), -op->lut[9]);  // 0 counts as positive, and MUL(0, 9) is not 0
    EXPECT_NE(op->lut[9], 0);
    EXPECT_EQ(model.product(0, 0), op->lut[0]);
}

TEST(ProductModel, DroppedBitsComeBackAsPowersOfTwo) {
    auto op = testing::random_multiplier(4, 4, 4, false, 4);
    op->y_lsb = 4;
    const ProductModel model(op, {0, 15}, {0, 15}, false);
    EXPECT_EQ(model.product(3, 2), op->lut[3 * 16 + 2] * 16);
    op->y_lsb = 30;
    EXPECT_THAT(error_of([&] { ProductModel(op, {0, 15}, {0, 15}, false); }), HasSubstr("beyond 32 bits"));
}

TEST(ProductModel, WideExactProductsAreComputed) {
    auto op = std::make_shared<Operator>(testing::bare_operator("mul16s_exact", OperatorKind::multiplier,
                                                                {"a", 16, true}, {"b", 16, true}, {"y", 32, true}));
    EXPECT_THAT(error_of([&] { ProductModel(op, {-9, 9}, {-9, 9}, false); }), HasSubstr("without a table"));
    op->closed_form = ClosedForm::product;
    EXPECT_EQ(ProductModel(op, {-32768, 32767}, {-32768, 32767}, false).product(-32768, -32768), int64_t{1} << 30);
}

TEST(ProductModel, CodesThatDoNotFitAreRefused) {
    const auto u8 = testing::random_multiplier(8, 8, 16, false, 5);
    const auto s8 = testing::random_multiplier(8, 8, 16, true, 6);
    EXPECT_THAT(error_of([&] {
                    ProductModel(u8, {-127, 127}, {0, 255}, false);
                }),
                HasSubstr("activation codes -127 to 127 do not fit its port a (0 to 255); use `scheme: affine`"));
    EXPECT_THAT(error_of([&] { ProductModel(s8, {-127, 127}, {-255, 255}, false); }), HasSubstr("weight codes"));
    EXPECT_THAT(error_of([&] { ProductModel(u8, {-256, 255}, {0, 1}, true); }), HasSubstr("magnitudes"));
    EXPECT_THAT(error_of([&] {
                    ProductModel(testing::inverting_adder(4), {0, 1}, {0, 1}, false);
                }),
                HasSubstr("an adder where a multiplier is expected"));
}

}  // namespace
}  // namespace concrete::sim
