/*
 * How long it takes to store and load the vector register file, and how fast the clock runs.
 *
 * Prints one line a repetition: picoseconds of a save, of a restore, and of 1000 dependent adds.
 * arm64 moves 32 registers of 16 bytes, FPSR and FPCR, as the kernel's fpsimd_save_state and
 * fpsimd_load_state do (arch/arm64/include/asm/fpsimdmacros.h); x86-64 moves the 512 bytes of
 * FXSAVE. Moves follow each other over a few images that stay in the first cache.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { IMAGES = 4, MOVES = 20000, ADDS = 1000 };

static struct { uint8_t bytes[528]; } __attribute__((aligned(64))) image[IMAGES];

#if defined(__aarch64__)

#define PAIRS(op) \
	op " q0, q1, [%0, #0]\n"     op " q2, q3, [%0, #32]\n" \
	op " q4, q5, [%0, #64]\n"    op " q6, q7, [%0, #96]\n" \
	op " q8, q9, [%0, #128]\n"   op " q10, q11, [%0, #160]\n" \
	op " q12, q13, [%0, #192]\n" op " q14, q15, [%0, #224]\n" \
	op " q16, q17, [%0, #256]\n" op " q18, q19, [%0, #288]\n" \
	op " q20, q21, [%0, #320]\n" op " q22, q23, [%0, #352]\n" \
	op " q24, q25, [%0, #384]\n" op " q26, q27, [%0, #416]\n" \
	op " q28, q29, [%0, #448]\n" op " q30, q31, [%0, #480]\n"
#define ALL_Q \
	"v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", \
	"v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", \
	"v26", "v27", "v28", "v29", "v30", "v31"

static void save(void *to)
{
	uint64_t status, control;

	__asm__ volatile(PAIRS("stp") : : "r"(to) : "memory");
	__asm__ volatile("mrs %0, fpsr\n mrs %1, fpcr" : "=r"(status), "=r"(control));
	((volatile uint32_t *)to)[128] = (uint32_t)status;
	((volatile uint32_t *)to)[129] = (uint32_t)control;
}

static void restore(const void *from)
{
	uint64_t status = ((const volatile uint32_t *)from)[128];

	/* FPCR is written only where it differs, as the kernel does. */
	__asm__ volatile(PAIRS("ldp") "msr fpsr, %1\n" : : "r"(from), "r"(status)
			 : "memory", ALL_Q);
}

#define ADD(x) __asm__ volatile("add %0, %0, #1" : "+r"(x))

#elif defined(__x86_64__)

static void save(void *to)
{
	__asm__ volatile("fxsave64 (%0)" : : "r"(to) : "memory");
}

static void restore(const void *from)
{
	__asm__ volatile("fxrstor64 (%0)" : : "r"(from) : "memory");
}

#define ADD(x) __asm__ volatile("addq $1, %0" : "+r"(x))

#else
#error "only for arm64 and x86-64"
#endif

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* what others run does not count */
	return (double)t.tv_sec * 1e12 + (double)t.tv_nsec * 1e3;
}

int main(int argc, char **argv)
{
	int repetitions = argc > 1 ? atoi(argv[1]) : 31;
	uint64_t sum = 0;

	for (int i = 0; i < IMAGES; i++)
		save(image[i].bytes);
	for (int r = -2; r < repetitions; r++) { /* the first two warm up */
		double t0 = now();

		for (int i = 0; i < MOVES; i++)
			save(image[i % IMAGES].bytes);
		double t1 = now();

		for (int i = 0; i < MOVES; i++)
			restore(image[i % IMAGES].bytes);
		double t2 = now();

		for (int j = 0; j < MOVES / 4; j++)
			for (int i = 0; i < ADDS / 20; i++) {
				ADD(sum); ADD(sum); ADD(sum); ADD(sum); ADD(sum);
				ADD(sum); ADD(sum); ADD(sum); ADD(sum); ADD(sum);
				ADD(sum); ADD(sum); ADD(sum); ADD(sum); ADD(sum);
				ADD(sum); ADD(sum); ADD(sum); ADD(sum); ADD(sum);
			}
		double t3 = now();

		if (r >= 0)
			printf("%.0f %.0f %.0f\n", (t1 - t0) / MOVES, (t2 - t1) / MOVES,
			       (t3 - t2) / (MOVES / 4));
	}
	return sum == 0;
}
