#include "sim/operator.h"

#include <cmath>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <optional>
#include <random>

#include "sim/decompose.h"
#include "sim/error.h"
#include "sim/file.h"
#include "sim/hdf5.h"

namespace concrete::sim {
namespace {

namespace fs = std::filesystem;

using testing::HasSubstr;

std::string input_error(const std::function<void()>& body) {
    try {
        body();
    } catch (const InputError& error) {
        return error.what();
    }
    return "no InputError";
}

/// Asymmetric widths and signs, a table with L(0, 0) != 0, every field set to something else than its default.
Operator sample() {
    Operator op;
    op.name = "odd-P3";
    op.kind = OperatorKind::multiplier;
    op.a = {"act", 3, true};
    op.b = {"weight", 5, false};
    op.y = {"out", 8, true};
    op.y_lsb = 2;
    op.sources.files = {{"odd.v", "module odd;\nendmodule\n", false}, {"inc/cells.vh", "", true}};
    op.sources.top = "odd";
    op.sources.parameters = {{"P", "3"}, {"NAME", "8'hff"}};
    op.sources.defines = {"FAST", "WIDTH=8"};
    op.sources_sha256 = std::string(64, 'a');
    op.tools = {{"verilator", "5.006"}};
    op.exhaustive = true;
    op.swept_pairs = 256;
    op.sample_seed = std::numeric_limits<uint64_t>::max();
    op.metrics = {0.1, 0.2, 3, 4, 5, 6, 7, 8, -9, 10, 1e-300};
    for (int i = 0; i < 256; ++i) op.lut.push_back((i * 37 + 11) % 256 - 128);
    return op;
}

/// An adder too wide for a table.
Operator wide_adder() {
    Operator op = sample();
    op.kind = OperatorKind::adder;
    op.a = {"a", 32, false};
    op.b = {"b", 32, false};
    op.y = {"y", 33, false};
    op.closed_form = ClosedForm::lower_part_or;
    op.or_bits = 6;
    op.exhaustive = false;
    op.swept_pairs = 1000;
    op.lut.clear();
    return op;
}

/// A clocked unit of 2 x 2 bits on an accumulator of 3, with every section of the file.
Operator mac_unit() {
    Operator op = sample();
    op.kind = OperatorKind::mac;
    op.a = {"a", 2, true};
    op.b = {"b", 2, true};
    op.y = {"acc", 3, true};
    op.y_lsb = 0;
    op.exhaustive = false;
    op.swept_pairs = 128;
    op.lut.clear();
    op.confidence = {0.1, 0.2, 0.3, 0.4, 0.5};
    op.netlist = Netlist{7, {{{2, 4, 0}, 0xc0}, {{6, 9, 1}, 0x96}}, {10, Netlist::kOne, 8}};
    op.equivalence = {false, true, uint64_t{1} << 40, 7};
    op.cost = Cost{10, 2, 2, 1.5};
    op.exact_cost = Cost{20, 3, 2, 2.5};
    op.mac = MacInterface{"clk", "rst_n", "en", "", true, 2, -1};
    return op;
}

class OperatorFile : public testing::Test {
  protected:
    fs::path file(const std::string& name = "x.h5") const { return folder_.path() / name; }

    std::string load_error() const {
        return input_error([&] { load_operator(file()); });
    }

  private:
    TemporaryFolder folder_;
};

TEST(Operator, CodesAndPatternsAreInverse) {
    for (const bool is_signed : {false, true}) {
        for (int bits = 1; bits <= 12; ++bits) {
            const Port port{"p", bits, is_signed};
            for (int64_t code = lowest_code(port); code <= highest_code(port); ++code) {
                EXPECT_EQ(decode(encode(code, bits), bits, is_signed), code);
            }
            EXPECT_EQ(highest_code(port) - lowest_code(port), (int64_t{1} << bits) - 1);
        }
    }
    EXPECT_EQ(lowest_code({"p", 64, true}), std::numeric_limits<int64_t>::min());
    EXPECT_EQ(highest_code({"p", 64, true}), std::numeric_limits<int64_t>::max());
    EXPECT_EQ(highest_code({"p", 63, false}), std::numeric_limits<int64_t>::max());
    EXPECT_THROW(highest_code({"p", 64, false}), RangeError);
}

TEST(Operator, TablesReachTwentyFourInputBitsAndThirtyTwoSignedOutputBits) {
    Operator op = sample();
    op.a.bits = op.b.bits = 12;
    op.y = {"y", 24, false};
    EXPECT_TRUE(fits_table(op));
    op.b.bits = 13;
    EXPECT_FALSE(fits_table(op));
    op.b.bits = 4;
    op.y = {"y", 32, true};
    EXPECT_TRUE(fits_table(op));
    op.y = {"y", 32, false};
    EXPECT_FALSE(fits_table(op));
}

TEST(Operator, ContentHashSeesEveryPartOfWhatItComputes) {
    const std::string hash = content_hash(sample());
    const std::vector<std::function<void(Operator&)>> changes = {
        [](Operator& op) { op.kind = OperatorKind::adder; },
        [](Operator& op) { op.a.bits = 4; },
        [](Operator& op) { op.b.is_signed = true; },
        [](Operator& op) { op.y.name = "z"; },
        [](Operator& op) { op.y_lsb = 0; },
        [](Operator& op) { op.closed_form = ClosedForm::product; },
        [](Operator& op) { op.or_bits = 1; },
        [](Operator& op) { op.lut[255] ^= 1; },
        [](Operator& op) { op.sources.files[1].text = "x"; },
        [](Operator& op) { op.sources.files[0].is_include = true; },
        [](Operator& op) { op.sources.parameters["P"] = "4"; },
        [](Operator& op) { op.sources.defines.pop_back(); },
    };
    for (size_t i = 0; i < changes.size(); ++i) {
        Operator changed = sample();
        changes[i](changed);
        EXPECT_NE(content_hash(changed), hash) << "change " << i;
    }
    Operator renamed = sample();
    renamed.name = "other";
    renamed.metrics.mae = 5;
    renamed.decomposition_bound = 7;
    EXPECT_EQ(content_hash(renamed), hash);
}

TEST_F(OperatorFile, RoundTripsEveryField) {
    Operator without_nodes = sample();
    without_nodes.netlist = Netlist{8, {}, {0, 1, 2, 3, 4, 5, 6, 7}};
    Operator refused = sample();
    refused.netlist_absence = "odd.v:1: Yosys does not know what this is";
    Operator decomposed = sample();
    decomposed.decomposition = decompose(decomposed.lut, 8, 32);
    decomposed.decomposition_bound = 7;
    ASSERT_TRUE(decomposed.decomposition);
    for (const Operator& op : {sample(), wide_adder(), mac_unit(), without_nodes, refused, decomposed}) {
        save_operator(op, file());
        EXPECT_TRUE(load_operator(file()) == op);
    }
    Operator adder = wide_adder();
    for (const ClosedForm form : kClosedForms) {
        if (form == ClosedForm::product) continue;
        adder.closed_form = form;
        adder.or_bits = has_lower_part(form) ? 6 : 0;
        save_operator(adder, file());
        EXPECT_TRUE(load_operator(file()) == adder) << to_string(form);
    }
}

TEST_F(OperatorFile, NetlistsThatAreNoneAreNotWritten) {
    const std::vector<std::pair<std::function<void(Operator&)>, std::string>> changes = {
        {[](Operator& op) { op.netlist->nodes[0].fanin[1] = 9; }, "/netlist: cannot be written: node 0 reads signal 9"},
        {[](Operator& op) { op.netlist->outputs.pop_back(); }, "has 7 inputs and 2 outputs, expected 7 and 3"},
        {[](Operator& op) { op.netlist.reset(); }, "/netlist: cannot be written: is absent, but a MAC unit"},
        {[](Operator& op) { op.mac.reset(); }, "/mac: cannot be written: is absent, but kind is 'mac'"},
        {[](Operator& op) { op.mac->latency = 9; }, "latency is 9, expected 1 to 8"},
        {[](Operator& op) { op.cost->energy = std::nan(""); }, "/cost: cannot be written: energy is not finite"},
    };
    for (const auto& [change, message] : changes) {
        Operator op = mac_unit();
        change(op);
        EXPECT_THAT(input_error([&, &bad = op] { save_operator(bad, file()); }), HasSubstr(message));
    }
}

TEST_F(OperatorFile, TableIsIndexedByActivationThenWeight) {
    const Operator op = sample();
    save_operator(op, file());
    const Tensor<int32_t> table = Hdf5Reader(file()).integers32("/lut");
    EXPECT_EQ(table.shape, (Shape{8, 32}));
    EXPECT_EQ(lookup(op, 5, 2), table.data[5 * 32 + 2]);
    EXPECT_NE(lookup(op, 5, 2), lookup(op, 2, 5));
}

TEST_F(OperatorFile, TwoSavesAreEqualInBytes) {
    save_operator(sample(), file("a.h5"));
    save_operator(sample(), file("b.h5"));
    EXPECT_TRUE(read_file(file("a.h5")) == read_file(file("b.h5")));
}

TEST_F(OperatorFile, RefusesToWriteWhatCannotBeRead) {
    const std::vector<std::pair<std::function<void(Operator&)>, std::string>> changes = {
        {[](Operator& op) { op.name = ""; }, "name is ''"},
        {[](Operator& op) { op.a.bits = 65; }, "a_bits is 65, expected 1 to 64"},
        {[](Operator& op) { op.b.name = "b;"; }, "b_name is 'b;', expected a Verilog identifier"},
        {[](Operator& op) { op.sources.top = "$(rm)"; }, "top is '$(rm)', expected a Verilog identifier"},
        {[](Operator& op) { op.sources.files[0].path = "../x.v"; }, "'../x.v' is not relative or contains '..'"},
        {[](Operator& op) { op.sources.files[0].path = "/x.v"; }, "'/x.v' is not relative"},
        {[](Operator& op) { op.sources.files.clear(); }, "holds 0 files, expected 1 to 1000"},
        {[](Operator& op) { op.sources.parameters["P"] = "1\n2"; }, "the parameter 'P'"},
        {[](Operator& op) { op.sources.defines[0] = "-x"; }, "the define '-x' is not NAME or NAME=VALUE"},
        {[](Operator& op) { op.sources.files[0].text += '\0'; }, "'odd.v' holds a zero byte"},
        {[](Operator& op) { op.sources.files[0].path = "odd.cpp"; }, "'odd.cpp' is no Verilog by its name"},
        {[](Operator& op) { op.sources.files[1].path = "inc/cells.h"; }, "'inc/cells.h' is no Verilog by its name"},
        {[](Operator& op) { op.sources.files[1].path = "odd.v"; }, "'odd.v' stands there twice"},
        {[](Operator& op) { op.closed_form = ClosedForm::sum; }, "closed_form is 'sum' but kind is 'multiplier'"},
        {[](Operator& op) { op.closed_form = ClosedForm::product; }, "closed_form is 'product', but y_lsb is 2"},
        {[](Operator& op) { op.or_bits = 2; }, "or_bits is 2, expected 0 to 0"},
        {[](Operator& op) { op.swept_pairs = 255; }, "swept_pairs is 255, but an exhaustive sweep of 8 input bits"},
        {[](Operator& op) { op.metrics.mae = std::nan(""); }, "mae is not finite"},
        {[](Operator& op) { op.lut.pop_back(); }, "/lut: cannot be written: holds 255 values, expected 256"},
        {[](Operator& op) { op.lut[33] = 128; }, "holds 128 at a=0x1 b=0x1, expected -128 to 127"},
        {[](Operator& op) {
             op.b.bits = 40;
             op.exhaustive = false;
         },
         "/lut: cannot be written: is present, but the ports are too wide"},
    };
    for (const auto& [change, message] : changes) {
        Operator op = sample();
        change(op);
        EXPECT_THAT(input_error([&, &bad = op] { save_operator(bad, file()); }), HasSubstr(message));
        EXPECT_FALSE(fs::exists(file()));
    }
}

/// A file with only some parts, as a damaged or foreign one has them.
struct Parts {
    std::string format = "concrete-operator", kind = "multiplier", parameters = "{}";
    int64_t version = 1, a_bits = 2;
    bool metrics = true, sources = true;
    Shape table = {4, 4};
    bool float_table = false;
    std::optional<int32_t> decomposition = {};  ///< without terms, of a table full of this
};

void write_parts(const Parts& parts, const fs::path& path) {
    Hdf5Writer file(path);
    const auto text = [&](const char* name, const std::string& value) { file.attribute("/", name, value); };
    const auto number = [&](const char* name, int64_t value) { file.attribute("/", name, value); };
    text("format", parts.format);
    number("version", parts.version);
    text("name", "x");
    text("kind", parts.kind);
    for (const std::string port : {"a", "b", "y"}) {
        file.attribute("/", port + "_name", port);
        file.attribute("/", port + "_bits", port == "a" ? parts.a_bits : port == "b" ? 2 : 4);
        file.attribute("/", port + "_signed", int64_t{0});
    }
    number("y_lsb", 0);
    text("closed_form", "none");
    number("or_bits", 0);
    text("parameters", parts.parameters);
    text("sha256", "");
    text("tools", "{}");
    number("exhaustive", 1);
    number("swept_pairs", 16);
    text("sample_seed", "1");
    if (parts.sources) {
        file.group("/sources");
        file.attribute("/sources", "top", "x");
        file.attribute("/sources", "defines", "[]");
        file.attribute("/sources", "files", int64_t{1});
        file.write_text("/sources/file0", "module x; endmodule");
        file.attribute("/sources/file0", "path", "x.v");
        file.attribute("/sources/file0", "is_include", int64_t{0});
    }
    if (parts.metrics) {
        file.group("/metrics");
        for (const char* name : {"mae", "mae_percent", "wce", "wce_percent", "wcre_percent", "ep_percent",
                                 "mre_percent", "mse", "mean_error", "error_variance", "nmed"}) {
            file.attribute("/metrics", name, 0.0);
        }
    }
    const std::vector<int32_t> zeros(element_count(parts.table));
    const std::vector<float> float_zeros(zeros.size());
    if (parts.float_table)
        file.write("/lut", parts.table, float_zeros.data());
    else if (!parts.table.empty())
        file.write("/lut", parts.table, zeros.data());
    if (parts.decomposition) {
        const std::vector<int32_t> f(4, *parts.decomposition);
        file.group("/decomposition");
        file.attribute("/decomposition", "bound", int64_t{0});
        file.attribute("/decomposition", "terms", int64_t{0});
        file.write("/decomposition/f", {4}, f.data());
        file.write("/decomposition/g", {4}, zeros.data());
    }
    file.commit();
}

TEST_F(OperatorFile, ErrorsNameFileItemAndExpectation) {
    const std::string start = file().string() + ": ";
    write_parts({}, file());
    EXPECT_EQ(load_operator(file()).lut.size(), 16U);
    const auto error = [&](const Parts& parts) {
        write_parts(parts, file());
        return load_error();
    };
    EXPECT_EQ(error({.format = "other"}), start + "/: format is 'other', expected 'concrete-operator'");
    EXPECT_EQ(error({.decomposition = 0}), "no InputError");
    EXPECT_EQ(error({.decomposition = 1}), start + "/decomposition: does not give the table");
    EXPECT_THAT(error({.version = 2}), HasSubstr("/: version is 2, expected 1; make the file again"));
    EXPECT_EQ(error({.kind = "divider"}), start + "/: kind is 'divider', expected one of multiplier, adder, mac");
    EXPECT_THAT(error({.parameters = "[1]"}), HasSubstr("/: the attribute 'parameters' is '[1]', expected JSON"));
    EXPECT_THAT(error({.parameters = "{\"P\""}), HasSubstr("/: the attribute 'parameters'"));
    EXPECT_EQ(error({.a_bits = 0}), start + "/: a_bits is 0, expected 1 to 64");
    EXPECT_EQ(error({.a_bits = 3}), start + "/lut: has the shape [4, 4], expected [8, 4] = [2^a_bits, 2^b_bits]");
    EXPECT_EQ(error({.a_bits = 60}), start + "/lut: is present, but the ports are too wide for a table");
    EXPECT_EQ(error({.metrics = false}), start + "/metrics: is missing");
    EXPECT_EQ(error({.sources = false}), start + "/sources: is missing");
    EXPECT_EQ(error({.table = {}}), start + "/lut: the data set is missing");
    EXPECT_EQ(error({.table = {16}}), start + "/lut: has the shape [16], expected [4, 4] = [2^a_bits, 2^b_bits]");
    EXPECT_EQ(error({.float_table = true}), start + "/lut: holds floats [4, 4], expected integers");
}

TEST_F(OperatorFile, OtherHdf5FilesAreNoOperators) {
    Hdf5Writer writer(file());
    writer.commit();
    EXPECT_THAT(load_error(), HasSubstr("/: the attribute 'format' is missing; expected an operator file"));
}

TEST_F(OperatorFile, TruncatedFilesAreInputErrors) {
    save_operator(sample(), file("whole.h5"));
    const std::string bytes = read_file(file("whole.h5"));
    for (size_t length = 0; length < bytes.size(); length += 97) {
        write_file(file(), std::string_view(bytes).substr(0, length));
        EXPECT_THAT(load_error(), HasSubstr("x.h5: ")) << "length " << length;
    }
}

TEST_F(OperatorFile, CorruptedBytesGiveAnErrorOrAValidOperator) {
    const Operator op = sample();
    save_operator(op, file("whole.h5"));
    const std::string bytes = read_file(file("whole.h5"));
    std::mt19937 random(7);
    int refused = 0, loaded = 0;
    for (int trial = 0; trial < 400; ++trial) {
        std::string damaged = bytes;
        damaged[random() % damaged.size()] ^= static_cast<char>(1U << (random() % 8));
        write_file(file(), damaged);
        try {
            const Operator read = load_operator(file());
            save_operator(read, file("again.h5"));  // what loads is valid
            ++loaded;
        } catch (const InputError& error) {
            EXPECT_THAT(error.what(), HasSubstr("x.h5: "));
            ++refused;
        }
    }
    EXPECT_GT(refused, 20);
    EXPECT_GT(loaded, 20);  // a flipped bit of a gap, or of a value
}

TEST_F(OperatorFile, FoldersThatCannotBeWrittenAreNamed) {
    EXPECT_THAT(input_error([&] { save_operator(sample(), file("none") / "x.h5"); }),
                HasSubstr("none/x.h5: cannot be written"));
}

}  // namespace
}  // namespace concrete::sim
