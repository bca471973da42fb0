// All products of `rows` (bfloat16) with `directions`, on Hopper's matrix units, and what becomes of
// them: signs packed into words, or the products themselves, or the pairs that reach a threshold.
//
// WIDTH directions a tile (64, 128 or 256), CONSUMERS warpgroups of 64 rows each, STAGES buffers of
// 64 components, clusters of CLUSTER blocks that share the directions; OUTPUT is what is made.

#define SIGNS 0
#define PRODUCTS 1
#define PAIRS 2

#define ROWS (64 * CONSUMERS)
#define ROW_BYTES (ROWS * 128)
#define DIRECTION_BYTES (WIDTH * 128)
#define STAGE_BYTES (ROW_BYTES + DIRECTION_BYTES)

struct Job {
    u32 rows, first_row_tile, row_tiles, width_tiles, steps;
    // SIGNS
    const float* thresholds;
    float slope, base;
    const u32* longest;
    u16* words;
    u32 words_per_row;
    // PRODUCTS
    float* products;
    // PAIRS: of rows `first_left + i` and `first_right + j` with i the row, j the direction
    float lowest;
    u32 directions, first_left, first_right;
    // SIGNS and PAIRS
    void* list;
    u64* list_count;
    u64 list_capacity;
};

// What a tile is: a pair of row tiles for a cluster, and a tile of directions.
__device__ __forceinline__ bool place(const Job& job, u32 tile, u32 rank, u32& row, u32& column) {
#if OUTPUT == PAIRS
    // rows change fastest, so that blocks that run at the same time share directions
    u32 groups = (job.row_tiles + CLUSTER - 1) / CLUSTER;
    row = (job.first_row_tile + tile % groups * CLUSTER + rank) * ROWS;
    column = tile / groups * WIDTH;
    // the whole cluster skips what lies below the diagonal
    u32 first = (job.first_row_tile + tile % groups * CLUSTER) * ROWS + job.first_left;
    return column + WIDTH - 1 + job.first_right > first;
#else
    row = (job.first_row_tile + tile / job.width_tiles * CLUSTER + rank) * ROWS;
    column = tile % job.width_tiles * WIDTH;
    return true;
#endif
}

__device__ __forceinline__ void finish(const Job& job, float (&d)[WIDTH / 2], u32 row, u32 column,
                                       const float* thresholds, float error) {
    // this thread has two rows, and of each 8 directions the pair 2 q, 2 q + 1
    u32 lane = threadIdx.x & 31, q = lane & 3;
    row += (threadIdx.x / 32 % 4) * 16 + lane / 4;
#if OUTPUT == SIGNS
    // the host orders directions so that this thread's are next to each other in the signature
    constexpr int PARTS = (WIDTH + 127) / 128;
    u32 below[2][PARTS], close[2][PARTS];
    #pragma unroll
    for (int part = 0; part < 2 * PARTS; part++)
        below[part / PARTS][part % PARTS] = close[part / PARTS][part % PARTS] = 0;
    #pragma unroll
    for (int j = WIDTH / 8 - 1; j >= 0; j--) {
        float2 border = *(const float2*)(thresholds + j * 8 + q * 2);
        #pragma unroll
        for (int half = 0; half < 2; half++) {
            u32 &ones = below[half][j / 16], &near = close[half][j / 16];
            float second = d[j * 4 + half * 2 + 1] - border.y;
            float first = d[j * 4 + half * 2] - border.x;
            ones = __funnelshift_l(__float_as_uint(second), ones, 1);
            near = __funnelshift_l(__float_as_uint(fabsf(second) - error), near, 1);
            ones = __funnelshift_l(__float_as_uint(first), ones, 1);
            near = __funnelshift_l(__float_as_uint(fabsf(first) - error), near, 1);
        }
    }
    u64 ones[2], near[2];
    #pragma unroll
    for (int half = 0; half < 2; half++) {
        ones[half] = below[half][0];
        near[half] = close[half][0];
        if (PARTS == 2) {
            ones[half] |= (u64)below[half][PARTS - 1] << 32;
            near[half] |= (u64)close[half][PARTS - 1] << 32;
        }
        ones[half] = ~ones[half];
        if (row + half * 8 >= job.rows) {
            near[half] = 0;
            continue;
        }
        u16* to = job.words + (u64)(row + half * 8) * job.words_per_row + column / 16 + q * (WIDTH / 64);
#if WIDTH == 256
        *(u64*)to = ones[half];
#elif WIDTH == 128
        *(u32*)to = (u32)ones[half];
#else
        *to = (u16)ones[half];
#endif
    }
    append(near[0], near[1], job.list_count, (Near*)job.list, job.list_capacity,
           [=](u32 half, u32 at) {
               return (Near)(row + half * 8) << 16 | (column + q * (WIDTH / 4) + at);
           });
#elif OUTPUT == PRODUCTS
    #pragma unroll
    for (int at = 0; at < WIDTH / 8; at++) {
        #pragma unroll
        for (int half = 0; half < 2; half++) {
            u64 place = (u64)(row + half * 8) * (job.width_tiles * WIDTH) + column + at * 8 + q * 2;
            if (row + half * 8 < job.rows)
                *(float2*)(job.products + place) =
                    make_float2(d[at * 4 + half * 2], d[at * 4 + half * 2 + 1]);
        }
    }
#else
    float most = d[0];
    #pragma unroll
    for (int at = 1; at < WIDTH / 2; at++) most = fmaxf(most, d[at]);
    if (__ballot_sync(~0u, most >= job.lowest) == 0) return;
    u64 hits[2] = {0, 0};
    #pragma unroll
    for (int at = 0; at < WIDTH / 2; at++) {
        u32 half = at / 2 % 2, i = row + half * 8, j = column + at / 4 * 8 + q * 2 + at % 2;
        bool hit = d[at] >= job.lowest && i < job.rows && j < job.directions &&
                   i + job.first_left < j + job.first_right;
        hits[half] |= (u64)hit << (at / 4 * 2 + at % 2);
    }
    append(hits[0], hits[1], job.list_count, (uint2*)job.list, job.list_capacity,
           [=](u32 half, u32 at) {
               return make_uint2(row + half * 8, column + at / 2 * 8 + q * 2 + at % 2);
           });
#endif
}

extern "C" __global__ void __cluster_dims__(CLUSTER, 1, 1)
    __launch_bounds__((CONSUMERS + 1) * 128, 1)
        product_sm90(const __grid_constant__ TensorMap rows,
                     const __grid_constant__ TensorMap directions, const __grid_constant__ Job job) {
    extern __shared__ char dynamic[];
    __shared__ __align__(8) u64 full[STAGES], empty[STAGES];
    __shared__ __align__(8) float thresholds[WIDTH];
    // swizzled buffers start at a multiple of 1024
    u32 buffers = (shared_address(dynamic) + 1023) & ~1023u;
    u32 rank = blockIdx.x % CLUSTER, group = threadIdx.x / 128;
    u32 clusters = gridDim.x / CLUSTER;
    u32 tiles = (job.row_tiles + CLUSTER - 1) / CLUSTER * job.width_tiles;
    if (threadIdx.x == 0) {
        for (int stage = 0; stage < STAGES; stage++) {
            barrier_init(shared_address(&full[stage]), 1);
            barrier_init(shared_address(&empty[stage]), CONSUMERS * 4 * CLUSTER);
        }
        asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
    }
#if OUTPUT == SIGNS
    // one tile of directions: what does not change is read once
    if (job.width_tiles == 1)
        for (u32 at = threadIdx.x; at < WIDTH; at += blockDim.x) thresholds[at] = job.thresholds[at];
#endif
    __syncthreads();
    cluster_sync();

    if (group == CONSUMERS) {
#if CONSUMERS == 3
        asm volatile("setmaxnreg.dec.sync.aligned.u32 32;");
#else
        asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");
#endif
        if (threadIdx.x % 128 == 0) {
            u32 stage = 0, turn = 0;
            for (u32 tile = blockIdx.x / CLUSTER; tile < tiles; tile += clusters) {
                u32 row, column;
                if (!place(job, tile, rank, row, column)) continue;
                for (u32 step = 0; step < job.steps; step++) {
                    u32 to = buffers + stage * STAGE_BYTES, ready = shared_address(&full[stage]);
                    barrier_wait(shared_address(&empty[stage]), turn & 1 ^ 1);
                    barrier_expect(ready, STAGE_BYTES);
                    copy_box(to, &rows, step * 64, row, ready);
#if CLUSTER == 1
                    copy_box(to + ROW_BYTES, &directions, step * 64, column, ready);
#else
                    u32 part = rank * (WIDTH / CLUSTER);
                    copy_box_to(to + ROW_BYTES + part * 128, &directions, step * 64, column + part,
                                ready, (1 << CLUSTER) - 1);
#endif
                    if (++stage == STAGES) stage = 0, turn++;
                }
            }
        }
    } else {
#if CONSUMERS == 3
        asm volatile("setmaxnreg.inc.sync.aligned.u32 160;");
#else
        asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
#endif
        u32 stage = 0, turn = 0;
        float d[WIDTH / 2], error = 0;
#if OUTPUT == SIGNS
        error = error_of(job.slope, job.base, job.longest);
#endif
        for (u32 tile = blockIdx.x / CLUSTER; tile < tiles; tile += clusters) {
            u32 row, column;
            if (!place(job, tile, rank, row, column)) continue;
            int last = -1;
            for (u32 step = 0; step < job.steps; step++) {
                u32 from = buffers + stage * STAGE_BYTES;
                barrier_wait(shared_address(&full[stage]), turn & 1);
                u64 a = swizzled_rows(from + group * 64 * 128), b = swizzled_rows(from + ROW_BYTES);
                products_begin();
                #pragma unroll
                for (int part = 0; part < 4; part++)
                    Multiply<WIDTH>::step(d, a + part * 2, b + part * 2, step + part > 0);
                products_commit();
                // the products before these are done, so their buffer is free
                products_wait<1>();
                if (last >= 0 && threadIdx.x % 32 < CLUSTER)
                    barrier_arrive_at(shared_address(&empty[last]), threadIdx.x % 32);
                last = stage;
                if (++stage == STAGES) stage = 0, turn++;
            }
            products_wait<0>();
            if (threadIdx.x % 32 < CLUSTER)
                barrier_arrive_at(shared_address(&empty[last]), threadIdx.x % 32);
            const float* at = thresholds;
#if OUTPUT == SIGNS
            if (job.width_tiles > 1) at = job.thresholds + column;
#endif
            finish(job, d, row + group * 64, column, at, error);
        }
    }
    __syncwarp();
    // no block leaves while another may still write to its memory or arrive at its barriers
    cluster_sync();
}
