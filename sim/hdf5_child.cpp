// The child's half of reading an HDF5 file: everything in here may crash on a hostile file (sim/hdf5_snapshot.h).
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <limits>
#include <unistd.h>

#include "sim/error.h"
#include "sim/hdf5_handle.h"
#include "sim/hdf5_snapshot.h"

namespace concrete::sim::detail {

namespace {

constexpr size_t kMaxObjects = 1 << 16;
// Deflate shrinks at most 1032 to 1; a data set that claims more was never written, and would only take memory.
constexpr uint64_t kMaxCompression = 1100;
constexpr uint64_t kSmallBytes = 1 << 20;

class Sender {
  public:
    explicit Sender(int descriptor) : descriptor_(descriptor) {}

    void bytes(const void* data, size_t size) {
        const char* next = static_cast<const char*>(data);
        while (size > 0) {
            const ssize_t written = ::write(descriptor_, next, size);
            if (written < 0 && errno == EINTR) continue;
            if (written <= 0) ::_exit(3);  // the parent is gone
            next += written;
            size -= static_cast<size_t>(written);
        }
    }
    template <typename T>
    void number(T value) {
        bytes(&value, sizeof value);
    }
    void text(const std::string& value) {
        number(uint64_t{value.size()});
        bytes(value.data(), value.size());
    }
    void value(const Hdf5Value& v) {
        number(v.kind);
        number(uint64_t{v.shape.size()});
        for (const size_t extent : v.shape) number(uint64_t{extent});
        list(v.integers32);
        list(v.integers64);
        list(v.floats32);
        list(v.floats64);
        text(v.text);
    }

  private:
    template <typename T>
    void list(const std::vector<T>& values) {
        number(uint64_t{values.size()});
        bytes(values.data(), values.size() * sizeof(T));
    }
    int descriptor_;
};

struct Names {
    std::vector<std::string> names;
    std::string refused_link;
};

// Callbacks of C: they collect and never throw.
herr_t collect_object(hid_t, const char* name, const H5O_info_t*, void* data) {
    auto& names = static_cast<Names*>(data)->names;
    names.emplace_back(name);
    return names.size() > kMaxObjects ? 1 : 0;
}
herr_t check_link(hid_t, const char* name, const H5L_info_t* info, void* data) {
    if (info->type == H5L_TYPE_HARD) return 0;
    static_cast<Names*>(data)->refused_link = name;
    return 1;
}
herr_t collect_attribute(hid_t, const char* name, const H5A_info_t*, void* data) {
    auto& names = static_cast<Names*>(data)->names;
    names.emplace_back(name);
    return names.size() > kMaxObjects ? 1 : 0;
}

/// A data set or an attribute: the same questions by different functions.
struct Source {
    hid_t id;
    bool is_attribute;

    Hdf5Handle type() const { return {is_attribute ? H5Aget_type(id) : H5Dget_type(id), H5Tclose}; }
    Hdf5Handle space() const { return {is_attribute ? H5Aget_space(id) : H5Dget_space(id), H5Sclose}; }
    bool read(hid_t memory_type, void* out) const {
        return (is_attribute ? H5Aread(id, memory_type, out)
                             : H5Dread(id, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out)) >= 0;
    }
};

Hdf5Value other(const std::string& what) {
    Hdf5Value value;
    value.text = what;
    return value;
}

struct DamagedItem {};

template <typename T>
std::vector<T> read_list(const Source& source, hid_t memory_type, size_t count) {
    std::vector<T> values(count);
    if (count > 0 && !source.read(memory_type, values.data())) throw DamagedItem();
    return values;
}

Hdf5Value read_integers(const Source& source, hid_t type, Shape shape) {
    const size_t bytes = H5Tget_size(type);
    const bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
    const size_t count = element_count(shape);
    if (bytes > 8) return other("integers wider than 64 bits");
    Hdf5Value value;
    value.shape = std::move(shape);
    if (bytes < 4 || (bytes == 4 && is_signed)) {
        value.kind = Hdf5Value::Kind::integers32;
        value.integers32 = read_list<int32_t>(source, H5T_NATIVE_INT32, count);
        return value;
    }
    value.kind = Hdf5Value::Kind::integers64;
    if (is_signed || bytes < 8) {
        value.integers64 = read_list<int64_t>(source, H5T_NATIVE_INT64, count);
        return value;
    }
    // HDF5 would clip values above 2^63 - 1 silently.
    const auto values = read_list<uint64_t>(source, H5T_NATIVE_UINT64, count);
    for (const uint64_t v : values) {
        if (v > uint64_t{std::numeric_limits<int64_t>::max()}) {
            return other(fmt::format("unsigned integers beyond 2^63 - 1 (such as {})", v));
        }
    }
    value.integers64.assign(values.begin(), values.end());
    return value;
}

Hdf5Value read_floats(const Source& source, Shape shape) {
    Hdf5Value value;
    const size_t count = element_count(shape);
    value.shape = std::move(shape);
    if (source.is_attribute) {
        value.kind = Hdf5Value::Kind::floats64;
        value.floats64 = read_list<double>(source, H5T_NATIVE_DOUBLE, count);
    } else {
        value.kind = Hdf5Value::Kind::floats32;
        value.floats32 = read_list<float>(source, H5T_NATIVE_FLOAT, count);
    }
    return value;
}

Hdf5Value read_text(const Source& source, hid_t type, const Shape& shape) {
    if (element_count(shape) != 1) return other("an array of strings");
    Hdf5Value value;
    value.kind = Hdf5Value::Kind::text;
    if (H5Tis_variable_str(type) > 0) {
        const Hdf5Handle memory(H5Tcopy(H5T_C_S1), H5Tclose);
        H5Tset_size(memory, H5T_VARIABLE);
        H5Tset_cset(memory, H5Tget_cset(type));
        char* text = nullptr;
        if (!source.read(memory, &text)) throw DamagedItem();
        if (text == nullptr) return value;
        if (std::strlen(text) > kMaxTextBytes) return other("a string above 64 MiB");
        value.text = text;
        H5free_memory(text);
        return value;
    }
    const size_t bytes = H5Tget_size(type);
    if (bytes > kMaxTextBytes) return other("a string above 64 MiB");
    value.text.resize(bytes);
    if (!source.read(type, value.text.data())) throw DamagedItem();
    value.text.resize(std::strlen(value.text.c_str()));  // ends at the first NUL, or where the type does
    if (H5Tget_strpad(type) == H5T_STR_SPACEPAD) value.text.erase(value.text.find_last_not_of(' ') + 1);
    return value;
}

/// Why a data set's storage is not read, or "".
std::string refused_storage(hid_t dataset, uint64_t bytes) {
    const Hdf5Handle creation(H5Dget_create_plist(dataset), H5Pclose);
    if (!creation) throw DamagedItem();
    const H5D_layout_t layout = H5Pget_layout(creation);
    if (layout == H5D_VIRTUAL) return "a virtual data set (values in other files)";
    if (layout == H5D_CONTIGUOUS && H5Pget_external_count(creation) != 0) return "a data set with external storage";
    const uint64_t stored = H5Dget_storage_size(dataset);
    if (bytes > kSmallBytes && bytes / kMaxCompression > stored) {
        return fmt::format("a data set of {} bytes of which only {} were ever written", bytes, stored);
    }
    return "";
}

Hdf5Value read_value(const Source& source) {
    const Hdf5Handle type = source.type();
    const Hdf5Handle space = source.space();
    if (!type || !space) throw DamagedItem();
    if (H5Sget_simple_extent_type(space) == H5S_NULL) return other("an empty item without values");
    const int rank = H5Sget_simple_extent_ndims(space);
    if (rank < 0 || rank > H5S_MAX_RANK) throw DamagedItem();
    std::vector<hsize_t> extents(static_cast<size_t>(rank));
    if (rank > 0 && H5Sget_simple_extent_dims(space, extents.data(), nullptr) < 0) throw DamagedItem();
    uint64_t count = 1;
    for (const hsize_t extent : extents) {
        if (extent > kMaxElements || count * extent > kMaxElements) {
            return other(fmt::format("more than {} elements", kMaxElements));
        }
        count *= extent;
    }
    const Shape shape(extents.begin(), extents.end());
    if (!source.is_attribute) {
        const std::string refused = refused_storage(source.id, count * H5Tget_size(type));
        if (!refused.empty()) return other(refused);
    }
    switch (H5Tget_class(type)) {
        case H5T_INTEGER:
            return read_integers(source, type, shape);
        case H5T_FLOAT:
            return read_floats(source, shape);
        case H5T_STRING:
            return read_text(source, type, shape);
        case H5T_ENUM:
            return other("an enumeration");
        case H5T_COMPOUND:
            return other("a compound type");
        case H5T_NO_CLASS:
            throw DamagedItem();
        default:
            return other("neither integers, floats nor a string");
    }
}

void send_attributes(Sender& sender, hid_t object, const std::string& path) {
    Names attributes;
    if (H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_attribute, &attributes) != 0) {
        throw DamagedItem();
    }
    for (const std::string& name : attributes.names) {
        const Hdf5Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose);
        if (!attribute) throw DamagedItem();
        const Hdf5Value value = read_value({attribute, true});
        sender.number(Hdf5Record::attribute);
        sender.text(path);
        sender.text(name);
        sender.value(value);
    }
}

void send_object(Sender& sender, hid_t file, const std::string& path) {
    const Hdf5Handle object(H5Oopen(file, path.c_str(), H5P_DEFAULT), H5Oclose);
    if (!object) throw DamagedItem();
    switch (H5Iget_type(object)) {
        case H5I_GROUP:
            sender.number(Hdf5Record::group);
            sender.text(path);
            break;
        case H5I_DATASET: {
            const Hdf5Value value = read_value({object, false});
            sender.number(Hdf5Record::dataset);
            sender.text(path);
            sender.value(value);
            break;
        }
        default:
            return;  // a named type: nothing to read
    }
    send_attributes(sender, object, path);
}

Hdf5Handle open_for_reading(const std::filesystem::path& path) {
    const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    H5Pset_file_locking(access, false, true);  // nobody writes in place, and some file systems know no locks
    Hdf5Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access), H5Fclose);
    if (!file) {
        const bool is_hdf5 = H5Fis_hdf5(path.c_str()) > 0;
        throw InputError(is_hdf5 ? "the HDF5 file is damaged or truncated" : "this is not an HDF5 file");
    }
    return file;
}

}  // namespace

void send_hdf5(const std::filesystem::path& path, int descriptor) {
    prepare_hdf5();
    Sender sender(descriptor);
    const Hdf5Handle file = open_for_reading(path);
    Names links;
    if (H5Lvisit(file, H5_INDEX_NAME, H5_ITER_INC, check_link, &links) < 0) {
        throw InputError("the HDF5 file is damaged or truncated");
    }
    if (!links.refused_link.empty()) {
        throw InputError(
            fmt::format("/{}: is a soft or external link; expected the item itself in the file", links.refused_link));
    }
    Names objects;
    const herr_t visited = H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, collect_object, &objects, H5O_INFO_BASIC);
    if (visited > 0) throw InputError(fmt::format("holds more than {} items", kMaxObjects));
    if (visited < 0) throw InputError("the HDF5 file is damaged or truncated");
    for (const std::string& name : objects.names) {
        const std::string absolute = name == "." ? "/" : "/" + name;
        try {
            send_object(sender, file, absolute);
        } catch (const DamagedItem&) {
            throw InputError(absolute + ": cannot be read; the file is damaged or truncated");
        }
    }
    sender.number(Hdf5Record::end);
}

}  // namespace concrete::sim::detail
