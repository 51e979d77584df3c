#include "cuda/device_matmul.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "cuda/device_layer.h"

namespace concrete::cuda {
namespace {

constexpr size_t kMostRows = size_t{1} << 16;
constexpr size_t kMostCodes = std::numeric_limits<int32_t>::max();  // kernels count them in 31 bits

ConvShape pixel_shape(size_t k, size_t n) {
    ConvShape shape;
    shape.in_channels = static_cast<uint32_t>(k);
    shape.out_channels = static_cast<uint32_t>(n);
    return shape;
}

}  // namespace

DeviceMatmul::DeviceMatmul(Executor& executor, const sim::MatmulArgs& args, const ProductMaker& make)
    : executor_(executor),
      k_(args.k),
      n_(args.n),
      format_(code_format(args.products->a_range())),
      acc_(args.acc),
      init_(executor, {args.init, args.init + args.n}),
      stream_(executor.make_stream()) {
    if (args.init_per_row) throw std::logic_error("DeviceMatmul: init_per_row");
    const sim::MatmulTask task(args);
    if (task.task.positions.skips) throw std::logic_error("DeviceMatmul: kSkip");
    const size_t rows = std::min({args.m, kMostRows, std::max<size_t>(1, kMostCodes / std::max(k_, n_))});
    // Nothing is padded; a code that occurs, so that every engine has a position for it.
    const int64_t padding_code = task.task.positions.codes.lowest;
    product_ = make({executor, task.task, pixel_shape(k_, n_), format_, padding_code}, rows);
    logic_ = logic_of(task.task, *product_);
    reserve(rows);
}

/// Half as many each time, until they fit.
void DeviceMatmul::reserve(size_t rows) {
    for (rows_ = rows;; rows_ = rows_ / 2) {
        try {
            codes_ = DeviceArray<uint8_t>(executor_, rows_ * k_ * format_.bytes);
            scratch_ = DeviceArray<uint8_t>(executor_, product_->scratch_bytes(rows_));
            accumulators_ = DeviceArray<int64_t>(executor_, rows_ * n_);
            return;
        } catch (const OutOfDeviceMemory&) {
            codes_ = {}, scratch_ = {}, accumulators_ = {};
            if (rows_ == 1) throw;
        }
    }
}

void DeviceMatmul::run(const int32_t* a, size_t m, int64_t* out) {
    if (const size_t bytes = product_->scratch_bytes(m);
        bytes > scratch_.size())  // an engine may cut fewer rows otherwise
        scratch_ = DeviceArray<uint8_t>(executor_, bytes);
    CodeMap codes{nullptr, format_, static_cast<uint32_t>(m), 1, 1, static_cast<uint32_t>(k_)};
    std::vector<uint8_t> bytes(codes.bytes());
    codes.data = bytes.data();
    for (size_t i = 0; i < codes.size(); ++i) codes.store(i, a[i]);
    stream_->upload(codes_.data(), bytes.data(), bytes.size());
    codes.data = codes_.data();

    Finish finish;
    finish.logic = logic_;
    finish.acc_bits = acc_.bits;
    finish.overflow = acc_.overflow;
    finish.init = init_.data();
    finish.columns = static_cast<uint32_t>(n_);
    finish.accumulators = accumulators_.data();
    product_->run(*stream_, codes, finish, scratch_.data());
    stream_->download(out, accumulators_.data(), m * n_ * sizeof(int64_t));
    stream_->synchronize();
}

}  // namespace concrete::cuda
