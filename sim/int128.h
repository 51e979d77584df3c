#pragma once

namespace concrete {

/// 128-bit integers, a compiler extension that g++ and clang++ have on every 64-bit target.
__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

}  // namespace concrete
