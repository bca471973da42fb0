// Pairs of rows of 128 signed bytes whose product is not negative, on Hopper's matrix units.
//
// The host puts the threshold into the product, so that a pair is a candidate exactly where the sum
// is not negative; what is left to do for most pairs is to look at a sign.

#define LEFT_ROWS 256
#define RIGHT_ROWS 128
#define LEFT_BYTES (LEFT_ROWS * 128)
#define RIGHT_BYTES (RIGHT_ROWS * 128)
#define CHUNK_TILES 64

struct Job {
    // rows `first_left + i` of the left with `first_right + j` of the right, i the smaller
    u32 left_rows, right_rows, first_left, first_right;
    u32 first_tile, tiles;
    uint2* list;
    u64* list_count;
    u64 list_capacity;
};

__device__ __forceinline__ void look(const Job& job, const int (&d)[64], u32 row, u32 column) {
    int all = d[0];
    #pragma unroll
    for (int at = 1; at < 64; at++) all &= d[at];
    if (__ballot_sync(~0u, all >= 0) == 0) return;
    u32 lane = threadIdx.x & 31;
    row += (threadIdx.x / 32 % 4) * 16 + lane / 4;
    column += lane % 4 * 2;
    u64 hits[2] = {0, 0};
    #pragma unroll
    for (int at = 0; at < 64; at++) {
        u32 half = at / 2 % 2, i = row + half * 8, j = column + at / 4 * 8 + at % 2;
        bool hit = d[at] >= 0 && i < job.left_rows && j < job.right_rows &&
                   i + job.first_left < j + job.first_right;
        hits[half] |= (u64)hit << (at / 4 * 2 + at % 2);
    }
    append(hits[0], hits[1], job.list_count, job.list, job.list_capacity, [=](u32 half, u32 at) {
        return make_uint2(row + half * 8, column + at / 2 * 8 + at % 2);
    });
}

// The first and last tile of columns of a piece of work; none where they are equal.
__device__ __forceinline__ void piece(const Job& job, u32 work, u32& row, u32& from, u32& to) {
    row = (job.first_tile + work % job.tiles) * LEFT_ROWS;
    u32 all = (job.right_rows + RIGHT_ROWS - 1) / RIGHT_ROWS;
    from = work / job.tiles * CHUNK_TILES;
    to = min(from + CHUNK_TILES, all);
    // columns up to the first row are below the diagonal
    u32 first = row + job.first_left;
    u32 below = first < job.first_right ? 0 : (first - job.first_right) / RIGHT_ROWS;
    from = min(max(from, below), to);
}

extern "C" __global__ void __launch_bounds__(384, 1)
    prefix_sm90(const __grid_constant__ TensorMap left, const __grid_constant__ TensorMap right,
                const __grid_constant__ Job job) {
    extern __shared__ char dynamic[];
    __shared__ __align__(8) u64 left_full[2], left_empty[2], full[STAGES], empty[STAGES];
    u32 buffers = (shared_address(dynamic) + 1023) & ~1023u;
    u32 rights = buffers + 2 * LEFT_BYTES, group = threadIdx.x / 128;
    u32 chunks = ((job.right_rows + RIGHT_ROWS - 1) / RIGHT_ROWS + CHUNK_TILES - 1) / CHUNK_TILES;
    if (threadIdx.x == 0) {
        for (int at = 0; at < 2; at++) {
            barrier_init(shared_address(&left_full[at]), 1);
            barrier_init(shared_address(&left_empty[at]), 8);
        }
        for (int stage = 0; stage < STAGES; stage++) {
            barrier_init(shared_address(&full[stage]), 1);
            barrier_init(shared_address(&empty[stage]), 8);
        }
        asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
    }
    __syncthreads();

    u32 stage = 0, turn = 0, pieces = 0;
    if (group == 2) {
        asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");
        if (threadIdx.x % 128 != 0) return;
        for (u32 work = blockIdx.x; work < job.tiles * chunks; work += gridDim.x) {
            u32 row, from, to;
            piece(job, work, row, from, to);
            if (from == to) continue;
            u32 side = pieces & 1, ready = shared_address(&left_full[side]);
            barrier_wait(shared_address(&left_empty[side]), pieces / 2 & 1 ^ 1);
            barrier_expect(ready, LEFT_BYTES);
            copy_box(buffers + side * LEFT_BYTES, &left, 0, row, ready);
            pieces++;
            for (u32 tile = from; tile < to; tile++) {
                u32 loaded = shared_address(&full[stage]);
                barrier_wait(shared_address(&empty[stage]), turn & 1 ^ 1);
                barrier_expect(loaded, RIGHT_BYTES);
                copy_box(rights + stage * RIGHT_BYTES, &right, 0, tile * RIGHT_ROWS, loaded);
                if (++stage == STAGES) stage = 0, turn++;
            }
        }
        return;
    }
    asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
    int first[64], second[64];
    for (u32 work = blockIdx.x; work < job.tiles * chunks; work += gridDim.x) {
        u32 row, from, to;
        piece(job, work, row, from, to);
        if (from == to) continue;
        u32 side = pieces & 1;
        barrier_wait(shared_address(&left_full[side]), pieces / 2 & 1);
        pieces++;
        row += group * 128;
        u64 a = swizzled_rows(buffers + side * LEFT_BYTES + group * 128 * 128);
        u64 a_second = swizzled_rows(buffers + side * LEFT_BYTES + (group * 128 + 64) * 128);
        for (u32 tile = from; tile < to; tile++) {
            barrier_wait(shared_address(&full[stage]), turn & 1);
            u64 b = swizzled_rows(rights + stage * RIGHT_BYTES);
            products_begin();
            #pragma unroll
            for (int part = 0; part < 4; part++)
                multiply_bytes(first, a + part * 2, b + part * 2, part > 0);
            products_commit();
            #pragma unroll
            for (int part = 0; part < 4; part++)
                multiply_bytes(second, a_second + part * 2, b + part * 2, part > 0);
            products_commit();
            // one half is looked at while the other is multiplied
            products_wait<1>();
            look(job, first, row, tile * RIGHT_ROWS);
            products_wait<0>();
            if (threadIdx.x % 32 == 0) barrier_arrive(shared_address(&empty[stage]));
            look(job, second, row + 64, tile * RIGHT_ROWS);
            if (++stage == STAGES) stage = 0, turn++;
        }
        if (threadIdx.x % 32 == 0) barrier_arrive(shared_address(&left_empty[side]));
    }
}
