#pragma once

#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <string>

#include "sim/error.h"
#include "sim/operator.h"

namespace concrete::gen::testing {

/// One file "t.sv" with top module "t".
inline sim::Sources sources_of(const std::string& text, const std::map<std::string, std::string>& parameters = {}) {
    return {{{"t.sv", text, false}}, "t", parameters, {}};
}

/// An operator around sources_of(text) with ports a, b, y.
inline sim::Operator operator_of(const std::string& name, const std::string& text, int a_bits, int b_bits, int y_bits,
                                 bool is_signed = false) {
    sim::Operator op;
    op.name = name;
    op.a = {"a", a_bits, is_signed};
    op.b = {"b", b_bits, is_signed};
    op.y = {"y", y_bits, is_signed};
    op.sources = sources_of(text);
    return op;
}

/// Message of the InputError that `body` must throw.
inline std::string input_error(const std::function<void()>& body) {
    try {
        body();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::bad_input) << error.what();
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << "one sentence only: " << error.what();
        return error.what();
    }
    ADD_FAILURE() << "no error";
    return {};
}

}  // namespace concrete::gen::testing
