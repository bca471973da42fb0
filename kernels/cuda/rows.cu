// Kernels that walk over single rows; for every card.

// The largest squared length of `count` rows of `stride` bfloat16 numbers (a multiple of 8), as the
// bits of a float, into `longest`. Sums of squares err by less than a part in 2000, which the
// reader of `longest` allows for.
extern "C" __global__ void longest_row(const uint4* rows, u32 stride, u32 count, u32* longest) {
    u32 lane = threadIdx.x & 31, warps = gridDim.x * (blockDim.x / 32);
    float most = 0;
    for (u32 row = (blockIdx.x * blockDim.x + threadIdx.x) / 32; row < count; row += warps) {
        float sum = 0;
        for (u32 at = lane; at < stride / 8; at += 32) {
            uint4 eight = rows[(u64)row * (stride / 8) + at];
            u32 pairs[4] = {eight.x, eight.y, eight.z, eight.w};
            for (int i = 0; i < 4; i++) {
                float low = low_half(pairs[i]), high = high_half(pairs[i]);
                sum += low * low + high * high;
            }
        }
        most = fmaxf(most, warp_sum(sum));
    }
    if (lane == 0) atomicMax(longest, __float_as_uint(most));
}

// The product of two rows, summed by a warp: within (stride / 32 + 6) 2^-24 of the lengths.
__device__ __forceinline__ float warp_product(const uint4* left, const uint4* right, u32 stride) {
    float sum = 0;
    for (u32 at = threadIdx.x & 31; at < stride / 8; at += 32) {
        uint4 a = left[at], b = right[at];
        sum = fmaf(low_half(a.x), low_half(b.x), sum);
        sum = fmaf(high_half(a.x), high_half(b.x), sum);
        sum = fmaf(low_half(a.y), low_half(b.y), sum);
        sum = fmaf(high_half(a.y), high_half(b.y), sum);
        sum = fmaf(low_half(a.z), low_half(b.z), sum);
        sum = fmaf(high_half(a.z), high_half(b.z), sum);
        sum = fmaf(low_half(a.w), low_half(b.w), sum);
        sum = fmaf(high_half(a.w), high_half(b.w), sum);
    }
    return warp_sum(sum);
}

// Computes the products in `near` again, with a bound that is many times smaller, sets their bits,
// and hands on those that are still too near.
extern "C" __global__ void settle(const uint4* rows, const uint4* directions, u32 stride,
                                  const float* thresholds, float slope, const u32* longest,
                                  const Near* near, const u64* near_count,
                                  u64 near_capacity, u32* words, u32 words_per_row, Near* left,
                                  u64* left_count, u64 left_capacity) {
    u64 count = *near_count < near_capacity ? *near_count : near_capacity;
    u64 warps = (u64)gridDim.x * (blockDim.x / 32);
    float error = error_of(slope, 0, longest);
    for (u64 at = ((u64)blockIdx.x * blockDim.x + threadIdx.x) / 32; at < count; at += warps) {
        u64 row = near[at] >> 16;
        u32 bit = near[at] & 0xffff;
        const uint4* direction = directions + (u64)bit * (stride / 8);
        float over = warp_product(rows + row * (stride / 8), direction, stride) - thresholds[bit];
        if ((threadIdx.x & 31) != 0) continue;
        u32 mask = 1u << (bit & 31);
        u32* word = words + row * words_per_row + bit / 32;
        if (!(fabsf(over) > error)) {
            u64 slot = atomicAdd(left_count, 1ull);
            if (slot < left_capacity) left[slot] = near[at];
        } else if (over > 0) {
            atomicOr(word, mask);
        } else {
            atomicAnd(word, ~mask);
        }
    }
}

// Keeps the pairs whose product reaches `lowest`.
extern "C" __global__ void rescore(const uint4* left_rows, const uint4* right_rows, u32 stride,
                                   float lowest, const uint2* pairs, const u64* pair_count,
                                   u64 pair_capacity, uint2* kept, u64* kept_count,
                                   u64 kept_capacity) {
    u64 count = *pair_count < pair_capacity ? *pair_count : pair_capacity;
    u64 warps = (u64)gridDim.x * (blockDim.x / 32);
    for (u64 at = ((u64)blockIdx.x * blockDim.x + threadIdx.x) / 32; at < count; at += warps) {
        uint2 pair = pairs[at];
        float product = warp_product(left_rows + (u64)pair.x * (stride / 8),
                                     right_rows + (u64)pair.y * (stride / 8), stride);
        if ((threadIdx.x & 31) == 0 && product >= lowest) {
            u64 slot = atomicAdd(kept_count, 1ull);
            if (slot < kept_capacity) kept[slot] = pair;
        }
    }
}

// The largest size of a component of `count` floats, as its bits.
extern "C" __global__ void largest_component(const float* values, u64 count, u32* largest) {
    float most = 0;
    for (u64 at = (u64)blockIdx.x * blockDim.x + threadIdx.x; at < count;
         at += (u64)gridDim.x * blockDim.x)
        most = fmaxf(most, fabsf(values[at]));
    for (int step = 16; step > 0; step >>= 1)
        most = fmaxf(most, __shfl_xor_sync(~0u, most, step));
    if ((threadIdx.x & 31) == 0) atomicMax(largest, __float_as_uint(most));
}

// Turns rotated rows (128 floats each, of which PREFIX count) into 128 signed bytes: PREFIX
// components in steps of `step`, two that carry the length of the rest, rounded up, and four that
// the host's threshold fills: `right` gets 127 there, `left` gets `border`.
// `slack` is added to the squared length of the rest; `worst` gets the largest rounding error.
// One warp a row.
#define PREFIX 122
extern "C" __global__ void quantize(const float* rotated, const uint4* rows, u32 stride, u32 count,
                                    float step, float slack, u32* right, u32* worst) {
    u32 lane = threadIdx.x & 31, warps = gridDim.x * (blockDim.x / 32);
    float most = 0;
    for (u32 row = (blockIdx.x * blockDim.x + threadIdx.x) / 32; row < count; row += warps) {
        float whole = 0;
        for (u32 at = lane; at < stride / 8; at += 32) {
            uint4 eight = rows[(u64)row * (stride / 8) + at];
            u32 pairs[4] = {eight.x, eight.y, eight.z, eight.w};
            for (int i = 0; i < 4; i++) {
                float low = low_half(pairs[i]), high = high_half(pairs[i]);
                whole += low * low + high * high;
            }
        }
        float4 four = ((const float4*)rotated)[(u64)row * 32 + lane];
        float parts[4] = {four.x, four.y, four.z, four.w};
        u32 packed = 0;
        float kept = 0, lost = 0;
        for (int i = 0; i < 4; i++) {
            if (lane * 4 + i >= PREFIX) continue;
            float rounded = fminf(fmaxf(rintf(parts[i] / step), -127.0f), 127.0f);
            float error = parts[i] - rounded * step;
            kept += parts[i] * parts[i];
            lost += error * error;
            packed |= ((u32)(int)rounded & 0xff) << (8 * i);
        }
        whole = warp_sum(whole);
        kept = warp_sum(kept);
        most = fmaxf(most, sqrtf(warp_sum(lost)));
        float rest = sqrtf(fmaxf(whole - kept, 0.0f) + slack) * 0.70711f / step;
        u32 up = (u32)fminf(ceilf(rest * 1.0001f), 127.0f);
        // 122 and 123 are the upper half of lane 30, 124 to 127 are lane 31
        if (lane == 30) packed |= up << 16 | up << 24;
        if (lane == 31) packed = 0x7f7f7f7fu;
        right[(u64)row * 32 + lane] = packed;
    }
    if (lane == 0) atomicMax(worst, __float_as_uint(most));
}

// The left rows: the right ones with `border` in the last four bytes.
extern "C" __global__ void border_rows(const u32* right, u32 count, u32 border, u32* left) {
    for (u64 at = (u64)blockIdx.x * blockDim.x + threadIdx.x; at < (u64)count * 32;
         at += (u64)gridDim.x * blockDim.x)
        left[at] = (at & 31) == 31 ? border : right[at];
}
