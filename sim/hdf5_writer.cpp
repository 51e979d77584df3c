#include <algorithm>
#include <fmt/format.h>

#include "sim/error.h"
#include "sim/file.h"
#include "sim/hdf5.h"
#include "sim/hdf5_handle.h"

namespace concrete::sim {

using detail::Hdf5Handle;

namespace {

constexpr size_t kCompressedBytes = 4096;  // above this
constexpr size_t kChunkBytes = size_t{1} << 20;
constexpr unsigned kDeflateLevel = 6;

/// Whole rows up to about 1 MiB; extents from the left are cut first.
std::vector<hsize_t> chunk_extents(const Shape& shape, size_t element_bytes) {
    std::vector<hsize_t> chunk(shape.begin(), shape.end());
    size_t bytes = element_count(shape) * element_bytes;
    for (hsize_t& extent : chunk) {
        if (bytes <= kChunkBytes) break;
        const size_t row = bytes / extent;
        extent = std::max<hsize_t>(1, kChunkBytes / row);
        bytes = row * extent;
    }
    return chunk;
}

}  // namespace

namespace detail {

std::recursive_mutex& hdf5_mutex() {
    static std::recursive_mutex mutex;
    return mutex;
}

void prepare_hdf5() {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    H5PLset_loading_state(0);
}

}  // namespace detail

struct Hdf5Writer::State {
    explicit State(const std::filesystem::path& target) : path(target), file(target) {
        const std::lock_guard lock(detail::hdf5_mutex());
        detail::prepare_hdf5();
        const Hdf5Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
        H5Pset_obj_track_times(creation, false);
        h5 = Hdf5Handle(H5Fcreate(file.temporary().c_str(), H5F_ACC_TRUNC, creation, H5P_DEFAULT), H5Fclose);
        if (!h5) throw InputError(path.string() + ": cannot be written");
    }

    void require(bool done, const std::string& item) const {
        if (!done) throw InputError(fmt::format("{}: {}: cannot be written", path.string(), item));
    }

    void make_groups(const std::string& item, bool is_group) {
        for (size_t slash = item.find('/', 1);; slash = item.find('/', slash + 1)) {
            if (slash == std::string::npos && !is_group) return;
            const std::string group = item.substr(0, slash);
            if (group.size() > 1 && H5Lexists(h5, group.c_str(), H5P_DEFAULT) <= 0) {
                const Hdf5Handle creation(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
                H5Pset_obj_track_times(creation, false);
                const Hdf5Handle made(H5Gcreate2(h5, group.c_str(), H5P_DEFAULT, creation, H5P_DEFAULT), H5Gclose);
                require(static_cast<bool>(made), group);
            }
            if (slash == std::string::npos) return;
        }
    }

    void write(const std::string& name, const Shape& shape, hid_t file_type, hid_t memory_type, const void* values) {
        const std::lock_guard lock(detail::hdf5_mutex());
        const std::string item = detail::absolute_item(name);
        make_groups(item, false);
        const Hdf5Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
        H5Pset_obj_track_times(creation, false);  // equal contents, equal bytes
        const size_t element_bytes = H5Tget_size(file_type);
        if (!shape.empty() && element_count(shape) * element_bytes > kCompressedBytes) {
            const std::vector<hsize_t> chunk = chunk_extents(shape, element_bytes);
            H5Pset_chunk(creation, static_cast<int>(chunk.size()), chunk.data());
            H5Pset_shuffle(creation);
            H5Pset_deflate(creation, kDeflateLevel);
        }
        const std::vector<hsize_t> extents(shape.begin(), shape.end());
        const Hdf5Handle space(shape.empty()
                                   ? H5Screate(H5S_SCALAR)
                                   : H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr),
                               H5Sclose);
        Hdf5Handle data(H5Dcreate2(h5, item.c_str(), file_type, space, H5P_DEFAULT, creation, H5P_DEFAULT), H5Dclose);
        require(data && H5Dwrite(data, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0 && data.close(), item);
    }

    void attribute(const std::string& object, const std::string& name, hid_t file_type, hid_t memory_type,
                   const void* value) {
        const std::lock_guard lock(detail::hdf5_mutex());
        const std::string item = detail::absolute_item(object);
        const Hdf5Handle owner(H5Oopen(h5, item.c_str(), H5P_DEFAULT), H5Oclose);
        const Hdf5Handle space(H5Screate(H5S_SCALAR), H5Sclose);
        require(static_cast<bool>(owner), item);
        const Hdf5Handle made(H5Acreate2(owner, name.c_str(), file_type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
        require(made && H5Awrite(made, memory_type, value) >= 0, fmt::format("{}: attribute '{}'", item, name));
    }

    /// A fixed-length, NUL-terminated UTF-8 type. Fixed, because variable strings go through heaps in the file.
    Hdf5Handle text_type(const std::string& item, std::string_view text) const {
        if (text.find('\0') != std::string_view::npos) {
            throw InputError(
                fmt::format("{}: {}: the text holds a NUL byte, which HDF5 strings cannot", path.string(), item));
        }
        Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
        H5Tset_size(type, text.size() + 1);
        H5Tset_cset(type, H5T_CSET_UTF8);
        return type;
    }

    std::filesystem::path path;
    AtomicFile file;
    Hdf5Handle h5;
};

Hdf5Writer::Hdf5Writer(const std::filesystem::path& path) : state_(std::make_unique<State>(path)) {}

Hdf5Writer::~Hdf5Writer() {
    const std::lock_guard lock(detail::hdf5_mutex());
    state_.reset();
}

void Hdf5Writer::write(const std::string& dataset, const Shape& shape, const int32_t* values) {
    state_->write(dataset, shape, H5T_STD_I32LE, H5T_NATIVE_INT32, values);
}

void Hdf5Writer::write(const std::string& dataset, const Shape& shape, const int64_t* values) {
    state_->write(dataset, shape, H5T_STD_I64LE, H5T_NATIVE_INT64, values);
}

void Hdf5Writer::write(const std::string& dataset, const Shape& shape, const float* values) {
    state_->write(dataset, shape, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, values);
}

void Hdf5Writer::write_text(const std::string& dataset, std::string_view text) {
    const std::lock_guard lock(detail::hdf5_mutex());
    const Hdf5Handle type = state_->text_type(detail::absolute_item(dataset), text);
    state_->write(dataset, {}, type, type, std::string(text).c_str());
}

void Hdf5Writer::attribute(const std::string& object, const std::string& name, const std::string& value) {
    const std::lock_guard lock(detail::hdf5_mutex());
    const Hdf5Handle type = state_->text_type(detail::absolute_item(object), value);
    state_->attribute(object, name, type, type, value.c_str());
}

void Hdf5Writer::attribute(const std::string& object, const std::string& name, int64_t value) {
    state_->attribute(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

void Hdf5Writer::attribute(const std::string& object, const std::string& name, double value) {
    state_->attribute(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

void Hdf5Writer::group(const std::string& path) {
    const std::lock_guard lock(detail::hdf5_mutex());
    state_->make_groups(detail::absolute_item(path), true);
}

void Hdf5Writer::commit() {
    const std::lock_guard lock(detail::hdf5_mutex());
    state_->require(state_->h5.close(), "/");
    state_->file.commit();
}

}  // namespace concrete::sim
