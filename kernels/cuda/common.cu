// What all kernels share. Sources are put together by the host and include nothing, so that NVRTC
// needs no headers.

typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned long long u64;

// A product that was too near its border: the row, and the direction in the low 16 bits.
typedef u64 Near;

__device__ __forceinline__ float low_half(u32 pair) { return __uint_as_float(pair << 16); }
__device__ __forceinline__ float high_half(u32 pair) { return __uint_as_float(pair & 0xffff0000u); }

__device__ __forceinline__ float warp_sum(float value) {
    for (int step = 16; step > 0; step >>= 1) value += __shfl_xor_sync(~0u, value, step);
    return value;
}

// How far the product of a row may be off: `slope` of its length, and `base`. A little more covers
// the rounding of the length, of the difference that is compared and of this sum.
__device__ __forceinline__ float error_of(float slope, float base, const u32* longest_square) {
    float length = sqrtf(__uint_as_float(*longest_square) * 1.001f);
    return (slope * length + base) * 1.00001f + 1e-36f;
}

// Appends one entry for each set bit of the masks of one thread; all threads of a warp take part.
// Entries past `capacity` are counted and dropped: the host sees that and does the batch itself.
template <typename Entry, typename Make>
__device__ __forceinline__ void append(u64 first, u64 second, u64* count, Entry* list,
                                       u64 capacity, Make make) {
    u32 mine = __popcll(first) + __popcll(second);
    if (__ballot_sync(~0u, mine != 0) == 0) return;
    u32 lane = threadIdx.x & 31, before = mine;
    for (int step = 1; step < 32; step <<= 1) {
        u32 other = __shfl_up_sync(~0u, before, step);
        if (lane >= step) before += other;
    }
    u64 start = 0;
    if (lane == 31) start = atomicAdd(count, (u64)before);
    start = __shfl_sync(~0u, start, 31) + before - mine;
    for (; first != 0; first &= first - 1, start++)
        if (start < capacity) list[start] = make(0, __ffsll(first) - 1);
    for (; second != 0; second &= second - 1, start++)
        if (start < capacity) list[start] = make(1, __ffsll(second) - 1);
}
