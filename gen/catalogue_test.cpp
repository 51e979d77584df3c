#include "gen/catalogue.h"

#include <cstdlib>
#include <gmock/gmock.h>

#include "gen/testing.h"
#include "sim/file.h"

namespace concrete::gen {
namespace {

using gen::testing::input_error;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Parameters = std::map<std::string, int64_t>;

constexpr const char* kCatalogue = R"(format: 1
families:
  scaled:
    kind: multiplier
    files: [scaled.v]
    top: scaled
    fixed: {OFFSET: 3}
    parameters:
      W: {min: 2, max: 5, default: 4, instances: [3, 4]}
      K: {min: -1, max: 2, default: 0, instances: [0]}
    source: nobody
    summary: a product and a bit more
  loa:
    kind: adder
    files: [loa.v]
    top: loa
    parameters:
      K: {min: 0, max: 4, default: 2, instances: []}
    closed_form: lower_part_or:K
    source: nobody
    summary: lower-part OR
)";

class CatalogueTest : public ::testing::Test {
  protected:
    CatalogueTest() {
        write_file(folder_.path() / "scaled.v",
                   "module scaled #(parameter W = 1, parameter K = 0, parameter OFFSET = 0)(input [W-1:0] a, b, output "
                   "[2*W-1:0] y);\n"
                   "assign y = a * b + K + OFFSET; endmodule\n");
        write_file(folder_.path() / "loa.v",
                   "module loa #(parameter K = 1)(input [5:0] a, b, output [5:0] y);\n"
                   "wire [5:0] low = (a | b) & ((6'd1 << K) - 6'd1);\n"
                   "wire c = K > 0 && a[K > 0 ? K - 1 : 0] && b[K > 0 ? K - 1 : 0];\n"
                   "assign y = (((a >> K) + (b >> K) + {5'd0, c}) << K) | low; endmodule\n");
    }
    Catalogue load(const std::string& text = kCatalogue) {
        write_file(folder_.path() / "catalogue.yaml", text);
        return load_catalogue(folder_.path() / "catalogue.yaml");
    }
    /// The error of a catalogue in which `old_text` is replaced.
    std::string error_with(const std::string& old_text, const std::string& new_text) {
        std::string text = kCatalogue;
        const size_t at = text.find(old_text);
        EXPECT_NE(at, std::string::npos) << old_text;
        return input_error([&] { load(text.replace(at, old_text.size(), new_text)); });
    }

    TemporaryFolder folder_;
};

TEST_F(CatalogueTest, ReadsFamilies) {
    const Catalogue catalogue = load();
    ASSERT_EQ(catalogue.families.size(), 2u);
    const Family& family = catalogue.family("scaled");
    EXPECT_EQ(family.top, "scaled");
    EXPECT_EQ(family.files, std::vector<std::filesystem::path>{folder_.path() / "scaled.v"});
    EXPECT_EQ(family.fixed, (Parameters{{"OFFSET", 3}}));
    EXPECT_EQ(family.parameters.at("W").highest, 5);
    EXPECT_THAT(family.instances, ElementsAre(Parameters{{"K", 0}, {"W", 3}}, Parameters{{"K", 0}, {"W", 4}}));
    EXPECT_TRUE(catalogue.family("loa").instances.empty());
    EXPECT_EQ(catalogue.family("loa").closed_form, sim::ClosedForm::lower_part_or);
    EXPECT_EQ(catalogue.family("loa").or_bits_parameter, "K");
    EXPECT_EQ(catalogue.family("loa").or_bits_less, 0);
}

TEST_F(CatalogueTest, ReadsLowerPartsThatAreOneBitShorter) {
    std::string text = kCatalogue;
    const std::string form = "lower_part_or:K";
    const Catalogue catalogue = load(text.replace(text.find(form), form.size(), "lower_part_or_only:K-1"));
    EXPECT_EQ(catalogue.family("loa").closed_form, sim::ClosedForm::lower_part_or_only);
    EXPECT_EQ(catalogue.family("loa").or_bits_parameter, "K");
    EXPECT_EQ(catalogue_request(catalogue.family("loa"), {{"K", 3}}).or_bits, 3);
    EXPECT_EQ(catalogue_request(catalogue.family("loa"), {{"K", 3}}).or_bits_less, 1);
}

TEST_F(CatalogueTest, NamesInstancesBothWays) {
    const Catalogue catalogue = load();
    const Family& family = catalogue.family("scaled");
    EXPECT_EQ(instance_name(family, {{"W", 3}, {"K", -1}}), "scaled-K-1-W3");
    EXPECT_EQ(instance_name(family, {{"W", 3}}), "scaled-K0-W3");
    for (int64_t k = -1; k <= 2; ++k) {
        for (int64_t w = 2; w <= 5; ++w) {
            const Parameters parameters{{"K", k}, {"W", w}};
            const auto [found, parsed] = parse_instance_name(catalogue, instance_name(family, parameters));
            EXPECT_EQ(found->name, "scaled");
            EXPECT_EQ(parsed, parameters);
        }
    }
    EXPECT_EQ(parse_instance_name(catalogue, "scaled").second, (Parameters{{"K", 0}, {"W", 4}}));
    EXPECT_EQ(parse_instance_name(catalogue, "scaled-W5").second, (Parameters{{"K", 0}, {"W", 5}}));
}

TEST_F(CatalogueTest, RefusesNamesThatAreNone) {
    const Catalogue catalogue = load();
    const auto error = [&](const char* name) { return input_error([&] { parse_instance_name(catalogue, name); }); };
    EXPECT_THAT(error("scald-W3"), AllOf(HasSubstr("no operator 'scald'"), HasSubstr("nearest: 'scaled'")));
    EXPECT_THAT(error("scaled-W6"), HasSubstr("scaled: W is 6, expected 2 to 5"));
    EXPECT_THAT(error("scaled-K-2"), HasSubstr("scaled: K is -2, expected -1 to 2"));
    EXPECT_THAT(error("scaled-Q3"), HasSubstr("scaled: has no parameter 'Q'"));
    for (const char* name :
         {"scaled-", "scaled-W", "scaled-W03", "scaled-W3-", "scaled-W3-W3", "scaled-W3x", "scaled-W99999999999"})
        EXPECT_THAT(error(name), AllOf(HasSubstr("expected -NAMEVALUE"), HasSubstr("scaled-K0-W4"))) << name;
}

TEST_F(CatalogueTest, FindsInstancesByGlob) {
    const Catalogue catalogue = load();
    const auto names = [&](const char* glob) {
        std::vector<std::string> result;
        for (const Request& request : catalogue_requests(catalogue, glob)) result.push_back(request.name);
        return result;
    };
    EXPECT_THAT(input_error([&] { names(""); }), HasSubstr("operator: "));
    EXPECT_THAT(names("scaled"), ElementsAre("scaled-K0-W3", "scaled-K0-W4"));
    EXPECT_THAT(names("scaled-K[12]-W5"), ElementsAre("scaled-K1-W5", "scaled-K2-W5"));
    EXPECT_THAT(names("loa"), ElementsAre("loa-K2"));
    EXPECT_THAT(names("*"), ElementsAre("scaled-K0-W3", "scaled-K0-W4")) << "the listed ones";
    EXPECT_EQ(names("scaled-K1-*").size() + names("loa-*").size(), 4u + 5) << "none is listed: whole ranges";
    EXPECT_THAT(names("scaled-W5"), ElementsAre("scaled-K0-W5"));
    EXPECT_THAT(input_error([&] { names("scaled-W6"); }), HasSubstr("scaled: W is 6, expected 2 to 5"));
    EXPECT_THAT(input_error([&] { names("scalled*"); }), HasSubstr("'scalled*' matches no operator of the catalogue"));
    std::string wide = kCatalogue;
    wide.replace(wide.find("max: 5"), 6, "max: 5000");
    EXPECT_THAT(input_error([&] { catalogue_requests(load(wide), "scaled-K1-*"); }), HasSubstr("more than 4096"));
    wide.replace(wide.find("max: 5000"), 9, "max: 500000");
    EXPECT_THAT(input_error([&] { catalogue_requests(load(wide), "scaled-K1-W?"); }),
                HasSubstr("more than 1000000 combinations"));
    EXPECT_EQ(catalogue_requests(load(wide), "scaled-W3-K0").at(0).name, "scaled-K0-W3");
}

TEST_F(CatalogueTest, MakesListedInstances) {
    const auto names = [&](const std::string& text, Listed which) {
        std::vector<std::string> result;
        for (const Request& request : catalogue_requests(load(text), which)) result.push_back(request.name);
        return result;
    };
    std::string text = kCatalogue;
    text.replace(text.find("instances: []"), 13, "instances: [4, 1]");
    const auto all = ElementsAre("scaled-K0-W3", "scaled-K0-W4", "loa-K4", "loa-K1");
    EXPECT_THAT(names(text, Listed::all), all);
    EXPECT_THAT(names(text, Listed::by_default), all) << "without default: all";
    // In the order of the catalogue, once each, whatever matches them.
    const std::string head = "default: [loa-K1, 'scaled-*4', scaled-K0-W4]\n";
    EXPECT_THAT(names(head + text, Listed::by_default), ElementsAre("scaled-K0-W4", "loa-K1"));
    EXPECT_THAT(names(head + text, Listed::all), all);
    EXPECT_THAT(names("default: [loa]\n" + text, Listed::by_default), ElementsAre("loa-K4", "loa-K1"));
    text = kCatalogue;
    text.replace(text.find("[3, 4]"), 6, "[]");
    EXPECT_THAT(input_error([&] { names(text, Listed::all); }), HasSubstr("matches no operator of the catalogue"));
}

TEST_F(CatalogueTest, ReadsInstancesThatBelongTogether) {
    std::string text = kCatalogue;
    text.replace(text.find(", instances: [3, 4]"), 19, "");
    text.replace(text.find(", instances: [0]"), 16, "");
    EXPECT_THAT(input_error([&] { load(text); }), AllOf(HasSubstr("catalogue.yaml:9:"), HasSubstr("has no instances")));
    const std::string parameters = text;
    const auto with = [&](const std::string& instances) {
        text = parameters;
        return text.insert(text.find("    source: nobody"), "    instances: " + instances + "\n");
    };
    EXPECT_THAT(load(with("[{W: 5, K: 2}, {W: 2}]")).family("scaled").instances,
                ElementsAre(Parameters{{"K", 2}, {"W", 5}}, Parameters{{"K", 0}, {"W", 2}}));
    EXPECT_TRUE(load(with("[]")).family("scaled").instances.empty());
    const auto error = [&](const std::string& instances) { return input_error([&] { load(with(instances)); }); };
    EXPECT_THAT(error("[{W: 6}]"), AllOf(HasSubstr("catalogue.yaml:11:"), HasSubstr("6")));
    EXPECT_THAT(error("[{Q: 3}]"), AllOf(HasSubstr("catalogue.yaml:11:"), HasSubstr("'Q' is no parameter of scaled")));
    EXPECT_THAT(error("[3]"), HasSubstr("catalogue.yaml:11:"));
    EXPECT_THAT(error("[{W: 4}, {K: 0}]"), HasSubstr("lists scaled-K0-W4 twice"));
    text = kCatalogue;
    text.insert(text.find("    source: nobody"), "    instances: [{W: 3}]\n");
    EXPECT_THAT(input_error([&] { load(text); }), HasSubstr("has instances and so has the family"));
}

TEST_F(CatalogueTest, FamilySaysHowItsPortsAreRead) {
    EXPECT_EQ(catalogue_request(load().family("scaled"), {}).is_signed, std::nullopt);
    for (const std::string word : {"true", "false"}) {
        std::string text = kCatalogue;
        text.insert(text.find("    fixed: "), "    signed: " + word + "\n");
        EXPECT_EQ(catalogue_request(load(text).family("scaled"), {}).is_signed, word == "true");
    }
    std::string text = kCatalogue;
    text.insert(text.find("    fixed: "), "    signed: 1\n");
    EXPECT_THAT(input_error([&] { load(text); }), HasSubstr("signed"));
}

TEST_F(CatalogueTest, MakesOperators) {
    const Catalogue catalogue = load();
    std::vector<Request> requests{catalogue_request(catalogue.family("scaled"), {{"W", 3}, {"K", 2}}),
                                  catalogue_request(catalogue.family("loa"), {})};
    EXPECT_EQ(requests[0].sources.parameters,
              (std::map<std::string, std::string>{{"K", "2"}, {"OFFSET", "3"}, {"W", "3"}}));
    EXPECT_EQ(requests[1].or_bits, 2);
    requests[0].is_signed = false;
    const std::vector<sim::Operator> made = generate(requests, 1);
    EXPECT_EQ(made[0].name, "scaled-K2-W3");
    EXPECT_EQ(sim::lookup(made[0], 7, 6), 47);
    EXPECT_EQ(made[1].kind, sim::OperatorKind::adder);
    EXPECT_EQ(made[1].closed_form, sim::ClosedForm::lower_part_or);
    EXPECT_EQ(sim::lookup(made[1], 3, 3), 7);
    EXPECT_THAT(input_error([&] {
                    catalogue_request(catalogue.family("loa"), {{"K", 5}});
                }),
                HasSubstr("loa: K is 5, expected 0 to 4"));
}

TEST_F(CatalogueTest, RefusesWrongCatalogues) {
    EXPECT_THAT(error_with("format: 1", "format: 2"), HasSubstr("catalogue.yaml:1:"));
    EXPECT_THAT(error_with("kind: multiplier", "kind: divider"),
                AllOf(HasSubstr("catalogue.yaml:4:"), HasSubstr("divider")));
    EXPECT_THAT(error_with("summary: a product", "sumary: a product"), HasSubstr("sum"));
    EXPECT_THAT(error_with("[scaled.v]", "[../scaled.v]"),
                AllOf(HasSubstr("catalogue.yaml:5:"), HasSubstr("below the catalogue's folder")));
    EXPECT_THAT(error_with("[scaled.v]", "[/etc/passwd]"), HasSubstr("below the catalogue's folder"));
    EXPECT_THAT(error_with("[scaled.v]", "[]"), HasSubstr("is empty"));
    EXPECT_THAT(error_with("default: 4", "default: 6"), HasSubstr("catalogue.yaml:9:"));
    EXPECT_THAT(error_with("instances: [3, 4]", "instances: [3, 1]"), HasSubstr("catalogue.yaml:9:"));
    EXPECT_THAT(error_with("instances: [3, 4]", "instances: [3, 3]"), HasSubstr("lists scaled-K0-W3 twice"));
    EXPECT_THAT(error_with("format: 1", "format: 1\ndefault: [scaled, loa]"),
                AllOf(HasSubstr("catalogue.yaml:2:19"), HasSubstr("'loa' matches no instance that a family lists")));
    EXPECT_THAT(error_with("format: 1", "format: 1\ndefault: [scaled-K0-W5]"), HasSubstr("'scaled-K0-W5' matches no"));
    EXPECT_THAT(error_with("format: 1", "format: 1\ndefault: []"), HasSubstr("is empty"));
    EXPECT_THAT(error_with("format: 1", "format: 1\ndefault: loa"), HasSubstr("catalogue.yaml:2:"));
    EXPECT_THAT(error_with("max: 5", "max: 1"), HasSubstr("catalogue.yaml:9:"));
    EXPECT_THAT(error_with("OFFSET", "W"), HasSubstr("'W' is fixed as well"));
    EXPECT_THAT(error_with("W: {", "W8: {"), HasSubstr("no digit at the end"));
    EXPECT_THAT(error_with("  scaled:", "  sca-led:"), HasSubstr("'sca-led' is no name"));
    EXPECT_THAT(error_with("lower_part_or:K", "lower_part_or:Q"),
                AllOf(HasSubstr("catalogue.yaml:19:"), HasSubstr("lower_part_or:PARAMETER")));
    EXPECT_THAT(error_with("lower_part_or:K", "lower_part_or"), HasSubstr("found 'lower_part_or', expected one of"));
    EXPECT_THAT(error_with("lower_part_or:K", "sum:K"), HasSubstr("found 'sum:K', expected one of"));
    EXPECT_THAT(error_with("lower_part_or:K", "none"), HasSubstr("found 'none', expected one of"));
    EXPECT_THAT(input_error([] { load_catalogue("/nowhere/catalogue.yaml"); }), HasSubstr("/nowhere/catalogue.yaml"));
}

TEST(Catalogue, IsFoundInTheSourceTreeAndWhereTheUserSays) {
    ::unsetenv("CONCRETE_RTL_DIR");
    const Catalogue catalogue = load_catalogue(default_catalogue_path());
    EXPECT_EQ(catalogue.family("booth8_m4").kind, sim::OperatorKind::multiplier);
    // Every file is there and every listed instance is in range.
    EXPECT_EQ(catalogue_requests(catalogue).size(), 64u);
    EXPECT_GE(catalogue_requests(catalogue, Listed::all).size(), 64u);
    ::setenv("CONCRETE_RTL_DIR", "/elsewhere", 1);
    EXPECT_EQ(default_catalogue_path(), "/elsewhere/catalogue.yaml");
    ::unsetenv("CONCRETE_RTL_DIR");
}

}  // namespace
}  // namespace concrete::gen
