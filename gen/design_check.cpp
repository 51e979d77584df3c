#include "gen/design_check.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <pugixml.hpp>
#include <set>
#include <string_view>

#include "gen/verilator_message.h"
#include "sim/error.h"

namespace concrete::gen::detail {
namespace {

using pugi::xml_node;
using Names = std::set<std::string_view>;

/// Node kinds of Verilator's XML that compute from values alone. Everything else is refused, so that what a later
/// Verilator adds is refused until somebody has looked at it.
const Names kHarmless{
    // the design's frame and its types
    "verilator_xml", "files", "file", "module_files", "cells", "cell", "netlist", "module", "package", "instance",
    "port", "var", "typetable", "typedef", "basicdtype", "refdtype", "enumdtype", "enumitem", "structdtype",
    "uniondtype", "memberdtype", "packarraydtype", "unpackarraydtype", "constdtype", "voiddtype", "range", "initarray",
    "inititem",
    // processes and statements
    "begin", "always", "contassign", "assign", "assigndly", "if", "case", "caseitem", "while", "jumpblock", "jumpgo",
    "jumplabel", "stmtexpr", "comment", "func", "task", "funcref", "taskref", "arg", "exprstmt", "sentree", "senitem",
    // values
    "varref", "varxref", "const", "sel", "arraysel", "slicesel", "structsel", "concat", "replicate", "extend",
    "extends", "cond", "streaml", "streamr", "conspackuorstruct", "conspackmember", "signed", "unsigned",
    // operations
    "add", "sub", "mul", "muls", "div", "divs", "moddiv", "moddivs", "pow", "powss", "powsu", "powus", "negate", "and",
    "or", "xor", "not", "logand", "logor", "lognot", "logif", "logeq", "redand", "redor", "redxor", "eq", "neq",
    "eqcase", "neqcase", "eqwild", "neqwild", "lt", "lts", "lte", "ltes", "gt", "gts", "gte", "gtes", "shiftl",
    "shiftr", "shiftrs", "shiftlovr", "shiftrovr", "shiftrsovr", "countones", "countbits", "onehot", "onehot0",
    "clog2"};

/// How a Verilog author calls some of the nodes that are refused.
const std::map<std::string_view, const char*> kSpoken{
    {"display", "$display, $write, $error or the like"},
    {"displaysc", "$display"},
    {"sformatf", "string formatting"},
    {"finish", "$finish"},
    {"stop", "$stop or $fatal"},
    {"systemt", "$system"},
    {"systemf", "$system"},
    {"ucfunc", "$c"},
    {"ucstmt", "$c"},
    {"fopen", "$fopen"},
    {"fopenmcd", "$fopen"},
    {"fclose", "$fclose"},
    {"readmem", "$readmemh or $readmemb"},
    {"writemem", "$writememh or $writememb"},
    {"dumpctl", "$dumpfile or the like"},
    {"rand", "$random or $urandom"},
    {"randrng", "$urandom_range"},
    {"time", "$time"},
    {"timed", "$realtime"},
    {"testplusargs", "$test$plusargs"},
    {"valueplusargs", "$value$plusargs"},
    {"scopename", "a DPI export or %m"},
    {"schdr", "a `systemc_ block"},
    {"scimp", "a `systemc_ block"},
    {"scimphdr", "a `systemc_ block"},
    {"scint", "a `systemc_ block"},
    {"scctor", "a `systemc_ block"},
    {"scdtor", "a `systemc_ block"},
    {"text", "inserted C++ text"},
    {"iface", "an interface"},
    {"class", "a class"},
    {"classpackage", "a class"},
    {"assignforce", "force"},
    {"release", "release"},
    {"bufif1", "a tri-state driver (bufif1, notif1 or the like)"},
    {"pull", "a pull-up or pull-down"},
    {"delay", "a delay"},
    {"eventcontrol", "an event control inside a process"},
    {"wait", "wait"},
    {"fork", "fork"},
    {"primitive", "a user-defined primitive (write it as a module with an assign)"},
    {"udptable", "a user-defined primitive (write it as a module with an assign)"},
    {"initialstatic", "a variable with an initial value, which is state,"},
    {"final", "a final block"},
};

class Checker {
  public:
    Checker(const xml_node& root, const std::filesystem::path& folder, CircuitKind kind) : kind_(kind) {
        for (const xml_node& file : root.child("files").children("file"))
            files_[file.attribute("id").value()] = own_file(file.attribute("filename").value(), folder);
        for (const xml_node& type : root.child("netlist").child("typetable").children())
            if (const pugi::xml_attribute id = type.attribute("id")) types_[id.value()] = type;
    }

    /// One node on the way through the tree.
    void check(const xml_node& node) {
        const std::string_view name = node.name();
        if (name == "initial") return check_initial(node);
        if (name == "initialstatic" && kind_ == CircuitKind::clocked) return;
        if (!kHarmless.contains(name)) refuse(node);
        if (name == "func" || name == "task") check_function(node);
        if (name == "always") check_always(node);
        if (name == "const") check_constant(node);
        if (name == "var") check_variable(node);
    }

    Design interface(const xml_node& netlist) const {
        const xml_node top = netlist.find_child_by_attribute("module", "topModule", "1");
        std::vector<xml_node> ports;
        for (const xml_node& variable : top.children("var"))
            if (variable.attribute("pinIndex") && variable.attribute("dir")) ports.push_back(variable);
        std::sort(ports.begin(), ports.end(), [](const xml_node& left, const xml_node& right) {
            return left.attribute("pinIndex").as_int() < right.attribute("pinIndex").as_int();
        });
        Design design;
        design.doubts = doubts_;
        for (const xml_node& port : ports) {
            const sim::Port described = describe(port);
            design.has_signed_ports = design.has_signed_ports || described.is_signed;
            (std::string_view(port.attribute("dir").value()) == "input" ? design.inputs : design.outputs)
                .push_back(described);
        }
        return design;
    }

  private:
    /// "mul.v:12"
    std::string place(const xml_node& node) const {
        const std::string where = node.attribute("loc").value();
        const size_t comma = where.find(',');
        const auto file = files_.find(where.substr(0, comma));
        if (comma == std::string::npos || file == files_.end() || file->second.front() == '<') return "the design";
        return fmt::format("{}:{}", display_path(file->second), std::atoi(where.c_str() + comma + 1));
    }

    [[noreturn]] void fail(const xml_node& node, const std::string& what) const {
        throw InputError(fmt::format("{}: {}", place(node), what));
    }

    [[noreturn]] void refuse(const xml_node& node) const {
        const auto spoken = kSpoken.find(node.name());
        fail(node, fmt::format("{} is refused: an operator may only compute its output from its inputs",
                               spoken == kSpoken.end() ? fmt::format("'{}'", node.name()) : spoken->second));
    }

    /// Verilator turns `assign y = 3` into an initial block of its own, placed at the '=', and a gate whose output is
    /// constant into one placed at the gate's name; there the only statement has the place of the block. A written
    /// block is placed at its keyword, before its statements.
    void check_initial(const xml_node& node) const {
        if (kind_ == CircuitKind::clocked || !node.first_child()) return;
        int begin_line = 0, begin_column = 0, end_line = 0, end_column = 0;
        const std::string where = node.attribute("loc").value();
        std::sscanf(where.c_str(), "%*[^,],%d,%d,%d,%d", &begin_line, &begin_column, &end_line, &end_column);
        constexpr int keyword_length = 7;
        if (begin_line == end_line && end_column - begin_column != keyword_length) return;
        if (!node.first_child().next_sibling() && node.first_child().attribute("loc").value() == where) return;
        fail(node,
             "has an initial block, which is state; a combinational circuit computes its output from its inputs alone");
    }

    /// An imported C function looks like a function with an empty body.
    void check_function(const xml_node& node) const {
        for (const xml_node& child : node.children())
            if (std::string_view(child.name()) != "var") return;
        fail(node, fmt::format("function '{}' has no body: an imported C function (DPI) is refused",
                               node.attribute("name").value()));
    }

    void check_always(const xml_node& node) const {
        if (kind_ == CircuitKind::clocked) return;
        const xml_node list = node.child("sentree");
        for (const xml_node& item : list.children("senitem")) {
            const std::string_view edge = item.attribute("edgeType").value();
            if (edge != "CHANGED" && edge != "COMBO" && edge != "ANYEDGE")
                fail(node, "has a clocked process (posedge or negedge), expected a combinational circuit");
        }
        if (!list) return;
        const std::set<std::string> listed = names_below(list), written = written_in(node);
        for (const std::string& name : names_below(node))
            if (!listed.contains(name) && !written.contains(name))
                fail(node,
                     fmt::format("the sensitivity list lacks '{}', which the process reads; write always @*", name));
    }

    static std::set<std::string> names_below(const xml_node& node) {
        std::set<std::string> names;
        for (const pugi::xpath_node& found : node.select_nodes(".//varref"))
            names.insert(found.node().attribute("name").value());
        return names;
    }

    /// Variables that a process assigns, or hands to a task that may.
    static std::set<std::string> written_in(const xml_node& process) {
        std::set<std::string> names;
        for (const pugi::xpath_node& found : process.select_nodes(".//assign | .//assigndly | .//taskref/arg")) {
            xml_node target = found.node().last_child();
            if (std::string_view(target.name()) == "concat") names.merge(names_below(target));
            while (target && std::string_view(target.name()) != "varref") target = target.first_child();
            names.insert(target.attribute("name").value());
        }
        return names;
    }

    void check_constant(const xml_node& node) {
        const std::string_view value = node.attribute("name").value();
        const size_t quote = value.find('\'');
        if (value.starts_with('"') || quote == std::string_view::npos ||
            value.find_first_of("xz", quote) == std::string_view::npos)
            return;
        const std::string_view parent = node.parent().name();
        if (parent == "caseitem" || parent == "eqwild" || parent == "neqwild") return;
        if (value.find('z', quote) == std::string_view::npos) {
            // Often in a branch that is never taken: the sweep tells.
            if (const std::string doubt = place(node) + ": an unknown value (x)"; doubts_.empty()) doubts_ = {doubt};
            return;
        }
        fail(node, "has a high-impedance value (z), expected a circuit that drives its output always");
    }

    /// Basic type at the bottom of a type, or a null node.
    xml_node basic_type(const std::string& id) const {
        xml_node type = type_of(id);
        while (type && std::string_view(type.name()) != "basicdtype" && type.attribute("sub_dtype_id"))
            type = type_of(type.attribute("sub_dtype_id").value());
        return type;
    }

    xml_node type_of(const std::string& id) const {
        const auto found = types_.find(id);
        return found == types_.end() ? xml_node() : found->second;
    }

    void check_variable(const xml_node& node) const {
        static const Names integral{"logic", "bit",      "reg",     "int",           "integer",
                                    "byte",  "shortint", "longint", "LOGIC_IMPLICIT"};
        if (node.attribute("param") || node.attribute("localparam")) return;
        const xml_node type = basic_type(node.attribute("dtype_id").value());
        if (std::string_view(type.name()) == "basicdtype" && !integral.contains(type.attribute("name").value()))
            fail(node, fmt::format("'{}' is of type {}, expected bits", node.attribute("name").value(),
                                   type.attribute("name").value()));
        if (std::string_view(node.attribute("dir").value()) == "inout" &&
            std::string_view(node.parent().name()) == "module")
            fail(node, fmt::format("port '{}' is in-out, expected input or output", node.attribute("name").value()));
    }

    struct Type {
        int64_t bits = 0;
        bool is_signed = false;
    };

    /// Packed width; 0 bits for what has none.
    Type packed(const std::string& id, int depth = 0) const {
        constexpr int64_t too_wide = int64_t{1} << 40;
        const xml_node type = type_of(id);
        const std::string_view name = type.name();
        if (depth > 64 || !type) return {};
        if (name == "basicdtype") {
            const int64_t left = type.attribute("left").as_llong(), right = type.attribute("right").as_llong();
            return {std::abs(left - right) + 1, type.attribute("signed").as_bool()};
        }
        if (name == "refdtype" || name == "enumdtype" || name == "constdtype")
            return packed(type.attribute("sub_dtype_id").value(), depth + 1);
        if (name == "structdtype" || name == "uniondtype") {
            int64_t bits = 0;
            for (const xml_node& member : type.children("memberdtype")) {
                const int64_t one = packed(member.attribute("sub_dtype_id").value(), depth + 1).bits;
                bits = name == "structdtype" ? std::min(bits + one, too_wide) : std::max(bits, one);
            }
            return {bits, type.attribute("signed").as_bool()};
        }
        if (name != "packarraydtype") return {};
        const xml_node low = type.child("range").first_child(), high = low.next_sibling();
        const int64_t count = std::abs(constant(low) - constant(high)) + 1;
        const int64_t element = packed(type.attribute("sub_dtype_id").value(), depth + 1).bits;
        return {count > too_wide / std::max<int64_t>(element, 1) ? too_wide : count * element, false};
    }

    /// Value of "32'sh1f".
    static int64_t constant(const xml_node& node) {
        const std::string text = node.attribute("name").value();
        const size_t digits = text.find('h');
        return digits == std::string::npos ? 0
                                           : static_cast<int32_t>(std::strtoll(text.c_str() + digits + 1, nullptr, 16));
    }

    /// Verilator writes letters that C++ lacks, and the second of two underscores, as "__0" and two hexadecimal digits.
    static std::string decoded(const std::string& name) {
        std::string result;
        for (size_t i = 0; i < name.size();) {
            const bool is_code = name.compare(i, 3, "__0") == 0 && i + 5 <= name.size();
            result += is_code ? static_cast<char>(std::strtol(name.substr(i + 3, 2).c_str(), nullptr, 16)) : name[i];
            i += is_code ? 5 : 1;
        }
        return result;
    }

    sim::Port describe(const xml_node& port) const {
        const std::string name = decoded(port.attribute("origName").value());
        const Type type = packed(port.attribute("dtype_id").value());
        if (type.bits == 0) fail(port, fmt::format("port '{}' is not a vector of bits (an unpacked array?)", name));
        if (type.bits > 64)
            fail(port, fmt::format("port '{}' has {} bits, at most 64 can be handled", name, type.bits));
        return {name, static_cast<int>(type.bits), type.is_signed};
    }

    CircuitKind kind_;
    std::vector<std::string> doubts_;  ///< the first unknown value, if any
    std::map<std::string, std::string> files_;
    std::map<std::string, xml_node> types_;
};

/// pugixml walks without recursion, so that deep nesting cannot exhaust the stack.
struct Walker : pugi::xml_tree_walker {
    explicit Walker(Checker& a_checker) : checker(a_checker) {}
    bool for_each(xml_node& node) override {
        if (node.type() == pugi::node_element) checker.check(node);
        return true;
    }
    Checker& checker;
};

}  // namespace

Design check_design(const std::filesystem::path& xml, CircuitKind kind) {
    pugi::xml_document document;
    const pugi::xml_parse_result parsed = document.load_file(xml.c_str());
    if (!parsed)
        throw InputError(fmt::format("Verilator's description of the design cannot be read: {}", parsed.description()));
    const xml_node root = document.child("verilator_xml");
    Checker checker(root, xml.parent_path(), kind);
    Walker walker(checker);
    document.traverse(walker);
    return checker.interface(root.child("netlist"));
}

}  // namespace concrete::gen::detail
