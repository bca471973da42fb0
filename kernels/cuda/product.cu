// All products of `rows` with `directions` (bfloat16, rows of `stride`, a multiple of 8), and what
// becomes of them, with the matrix instructions that every card since Ampere has.
//
// A block of 4 warps makes 128 rows by 64 directions; a warp has 32 rows.

#define TILE_ROWS 128
#define TILE_DIRECTIONS 64
#define DEPTH 32
// bytes of a row in shared memory; 16 more than needed spread rows over the banks
#define PITCH (DEPTH * 2 + 16)

enum Output { SIGNS, PRODUCTS, PAIRS };

struct Work {
    const uint4* rows;
    const uint4* directions;
    u32 row_count, direction_count, stride;
    u32 first_row_tile;
    // SIGNS
    const float* thresholds;
    float slope, base;
    const u32* longest;
    u16* words;
    u32 words_per_row;
    // PRODUCTS
    float* products;
    u32 products_per_row;
    // PAIRS
    float lowest;
    u32 first_left, first_right;
    // SIGNS and PAIRS
    void* list;
    u64* list_count;
    u64 list_capacity;
};

// Copies 16 bytes, or zeros where there is nothing.
__device__ __forceinline__ void copy16(u32 to, const void* from, bool there) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from),
                 "r"(there ? 16 : 0)
                 : "memory");
}

__device__ __forceinline__ void load(const Work& work, u32 buffer, u32 row, u32 column, u32 depth) {
    u32 eights = work.stride / 8;
    for (u32 at = threadIdx.x; at < (TILE_ROWS + TILE_DIRECTIONS) * (DEPTH / 8); at += 128) {
        u32 line = at / (DEPTH / 8), eight = at % (DEPTH / 8);
        bool left = line < TILE_ROWS;
        u32 number = left ? row + line : column + line - TILE_ROWS;
        bool there = number < (left ? work.row_count : work.direction_count) &&
                     depth / 8 + eight < eights;
        const uint4* from = left ? work.rows : work.directions;
        copy16(buffer + line * PITCH + eight * 16,
               from + (there ? (u64)number * eights + depth / 8 + eight : 0), there);
    }
    asm volatile("cp.async.commit_group;" ::: "memory");
}

__device__ __forceinline__ void load_matrices(u32 (&to)[4], u32 at) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(at)
                 : "memory");
}

__device__ __forceinline__ void multiply(float (&d)[4], const u32 (&a)[4], u32 b0, u32 b1) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, "
        "{%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

template <int OUTPUT>
__device__ __forceinline__ void finish(const Work& work, const float (&d)[8][4], u32 row,
                                       u32 column, float error) {
    u32 lane = threadIdx.x & 31, q = lane & 3;
    row += lane / 4;
    if (OUTPUT == PRODUCTS) {
        for (int at = 0; at < 32; at++) {
            u32 i = row + at / 2 % 2 * 8, j = column + at / 4 * 8 + q * 2 + at % 2;
            if (i < work.row_count && j < work.direction_count)
                work.products[(u64)i * work.products_per_row + j] = d[at / 4][at % 4];
        }
        return;
    }
    u64 marks[2] = {0, 0};
    #pragma unroll
    for (int half = 0; half < 2; half++) {
        u32 ones = 0;
        #pragma unroll
        for (int at = 0; at < 16; at++) {
            float value = d[at / 2][half * 2 + at % 2];
            u32 i = row + half * 8;
            if (OUTPUT == SIGNS) {
                // directions are ordered so that this thread's are next to each other
                float over = value - work.thresholds[column + at / 2 * 8 + q * 2 + at % 2];
                ones |= (u32)(over >= 0) << at;
                marks[half] |= (u64)(i < work.row_count && !(fabsf(over) > error)) << at;
            } else {
                u32 j = column + at / 2 * 8 + q * 2 + at % 2;
                bool hit = value >= work.lowest && i < work.row_count &&
                           j < work.direction_count && i + work.first_left < j + work.first_right;
                marks[half] |= (u64)hit << at;
            }
        }
        if (OUTPUT == SIGNS && row + half * 8 < work.row_count)
            work.words[(u64)(row + half * 8) * work.words_per_row + column / 16 + q] = (u16)ones;
    }
    if (OUTPUT == SIGNS)
        append(marks[0], marks[1], work.list_count, (Near*)work.list, work.list_capacity,
               [=](u32 half, u32 at) {
                   return (Near)(row + half * 8) << 16 | (column + q * 16 + at);
               });
    else
        append(marks[0], marks[1], work.list_count, (uint2*)work.list, work.list_capacity,
               [=](u32 half, u32 at) {
                   return make_uint2(row + half * 8, column + at / 2 * 8 + q * 2 + at % 2);
               });
}

template <int OUTPUT>
__device__ __forceinline__ void product(const Work& work) {
    __shared__ __align__(128) char buffers[2][(TILE_ROWS + TILE_DIRECTIONS) * PITCH];
    // rows on x: there may be more of them than y can count
    u32 row = (work.first_row_tile + blockIdx.x) * TILE_ROWS;
    u32 warp = threadIdx.x / 32, lane = threadIdx.x & 31;
    u32 shared[2] = {(u32)__cvta_generic_to_shared(buffers[0]),
                     (u32)__cvta_generic_to_shared(buffers[1])};
    float error = OUTPUT == SIGNS ? error_of(work.slope, work.base, work.longest) : 0;
    u32 column_tiles = (work.direction_count + TILE_DIRECTIONS - 1) / TILE_DIRECTIONS;
    for (u32 tile = blockIdx.y; tile < column_tiles; tile += gridDim.y) {
        u32 column = tile * TILE_DIRECTIONS;
        if (OUTPUT == PAIRS && column + TILE_DIRECTIONS - 1 + work.first_right <= row + work.first_left)
            continue;
        float d[2][8][4] = {};
        u32 steps = (work.stride + DEPTH - 1) / DEPTH;
        __syncthreads();
        load(work, shared[0], row, column, 0);
        for (u32 step = 0; step < steps; step++) {
            if (step + 1 < steps) load(work, shared[(step + 1) & 1], row, column, (step + 1) * DEPTH);
            if (step + 1 < steps)
                asm volatile("cp.async.wait_group 1;" ::: "memory");
            else
                asm volatile("cp.async.wait_group 0;" ::: "memory");
            __syncthreads();
            u32 lefts = shared[step & 1] + (warp * 32 + lane % 16) * PITCH + lane / 16 * 16;
            u32 rights = shared[step & 1] + (TILE_ROWS + lane % 8 + lane / 16 * 8) * PITCH +
                         lane / 8 % 2 * 16;
            #pragma unroll
            for (int part = 0; part < DEPTH / 16; part++) {
                u32 a[2][4];
                load_matrices(a[0], lefts + part * 32);
                load_matrices(a[1], lefts + 16 * PITCH + part * 32);
                #pragma unroll
                for (int pair = 0; pair < 4; pair++) {
                    u32 b[4];
                    load_matrices(b, rights + pair * 16 * PITCH + part * 32);
                    #pragma unroll
                    for (int half = 0; half < 2; half++) {
                        multiply(d[half][pair * 2], a[half], b[0], b[1]);
                        multiply(d[half][pair * 2 + 1], a[half], b[2], b[3]);
                    }
                }
            }
            __syncthreads();
        }
        finish<OUTPUT>(work, d[0], row + warp * 32, column, error);
        finish<OUTPUT>(work, d[1], row + warp * 32 + 16, column, error);
    }
}

extern "C" __global__ void __launch_bounds__(128) product_signs(const __grid_constant__ Work work) {
    product<SIGNS>(work);
}
extern "C" __global__ void __launch_bounds__(128)
    product_products(const __grid_constant__ Work work) {
    product<PRODUCTS>(work);
}
extern "C" __global__ void __launch_bounds__(128) product_pairs(const __grid_constant__ Work work) {
    product<PAIRS>(work);
}
