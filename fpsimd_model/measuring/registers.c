/*
 * How long it takes to store and load the vector register file, and how fast the clock runs.
 *
 * Prints "# BYTES WIDE_BYTES NAME" and one line a repetition: picoseconds of a save, of a restore,
 * of 1000 dependent adds, and of a save and a restore of the wide file where there is one.
 * arm64 moves 32 registers of 16 bytes, FPSR and FPCR, as the kernel's fpsimd_save_state and
 * fpsimd_load_state do (arch/arm64/include/asm/fpsimdmacros.h), and with SVE Z0-31, P0-15 and FFR
 * at the current vector length, as its sve_save and sve_load; x86-64 moves the 512 bytes of FXSAVE,
 * and with XSAVE every vector component that the kernel enabled, all of them in use.
 * Moves follow each other over a few images that stay in the first or second cache.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { IMAGES = 4, MOVES = 20000, ADDS = 1000, WIDEST = 8192 + 512 + 32 };

static struct { uint8_t bytes[528]; } __attribute__((aligned(64))) image[IMAGES];
static struct { uint8_t bytes[WIDEST]; } __attribute__((aligned(64))) wide[IMAGES];
static char name[80];

#if defined(__aarch64__)
#include <sys/auxv.h>

enum { BYTES = 520 };

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

static void restore(void *from)
{
	uint64_t status = ((volatile uint32_t *)from)[128];

	/* FPCR is written only where it differs, as the kernel does. */
	__asm__ volatile(PAIRS("ldp") "msr fpsr, %1\n" : : "r"(from), "r"(status)
			 : "memory", ALL_Q);
}

#define FOUR(op, r, n0, n1, n2, n3) \
	op " " r #n0 ", [%0, #" #n0 ", mul vl]\n" op " " r #n1 ", [%0, #" #n1 ", mul vl]\n" \
	op " " r #n2 ", [%0, #" #n2 ", mul vl]\n" op " " r #n3 ", [%0, #" #n3 ", mul vl]\n"
#define SIXTEEN(op, r) \
	FOUR(op, r, 0, 1, 2, 3) FOUR(op, r, 4, 5, 6, 7) \
	FOUR(op, r, 8, 9, 10, 11) FOUR(op, r, 12, 13, 14, 15)
#define ALL_Z(op) \
	SIXTEEN(op, "z") FOUR(op, "z", 16, 17, 18, 19) FOUR(op, "z", 20, 21, 22, 23) \
	FOUR(op, "z", 24, 25, 26, 27) FOUR(op, "z", 28, 29, 30, 31)
#define SVE ".arch_extension sve\n"

static uint64_t vl; /* vector length in bytes */

static int look(void)
{
	if (!(getauxval(AT_HWCAP) & 1UL << 22)) /* HWCAP_SVE */
		return 0;
	__asm__ volatile(SVE "rdvl %0, #1" : "=r"(vl));
	snprintf(name, sizeof(name), "SVE, %u bits", (unsigned int)vl * 8);
	return 32 * (int)vl + 17 * (int)vl / 8;
}

static void fill(void)
{
	__asm__ volatile(SVE "setffr" : : : "memory");
}

static void wide_save(void *to)
{
	uint8_t *p = (uint8_t *)to + 32 * vl;

	__asm__ volatile(SVE ALL_Z("str") : : "r"(to) : "memory");
	__asm__ volatile(SVE SIXTEEN("str", "p") "rdffr p0.b\n str p0, [%0, #16, mul vl]\n"
			 "ldr p0, [%0, #0, mul vl]\n" : : "r"(p) : "memory");
}

static void wide_restore(void *from)
{
	uint8_t *p = (uint8_t *)from + 32 * vl;

	__asm__ volatile(SVE ALL_Z("ldr") : : "r"(from) : "memory", ALL_Q);
	__asm__ volatile(SVE "ldr p0, [%0, #16, mul vl]\n wrffr p0.b\n" SIXTEEN("ldr", "p")
			 : : "r"(p) : "memory");
}

#define ADD(x) __asm__ volatile("add %0, %0, #1" : "+r"(x))

#elif defined(__x86_64__)
#include <cpuid.h>

enum { BYTES = 512 };

#define ALL_XMM \
	"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", \
	"xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

static uint32_t components; /* of XCR0: x87, SSE, AVX, and the three of AVX-512 */

static int look(void)
{
	uint32_t a, b, c, d, high, end = 0, bytes = 512 + 64;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
		return 0;
	__asm__ volatile("xgetbv" : "=a"(components), "=d"(high) : "c"(0));
	components &= 0xe7;
	for (int i = 2; i < 8; i++)
		if (components >> i & 1 && __get_cpuid_count(13, (uint32_t)i, &a, &b, &c, &d)) {
			bytes += a;
			end = a + b > end ? a + b : end;
		}
	if (!(components & 4) || end > WIDEST)
		return 0;
	snprintf(name, sizeof(name), "XSAVE of x87, SSE, AVX%s",
		 (components & 0xe0) == 0xe0 ? ", AVX-512" : "");
	return (int)bytes;
}

/* A component in its initial state is neither stored nor loaded: put something into each. */
static void fill(void)
{
	__asm__ volatile("vpcmpeqd %%ymm0, %%ymm0, %%ymm0" : : : "xmm0");
	if ((components & 0xe0) == 0xe0)
		__asm__ volatile("vpternlogd $255, %%zmm0, %%zmm0, %%zmm0\n"
				 "vmovdqa64 %%zmm0, %%zmm16\n kxnorw %%k1, %%k1, %%k1"
				 : : : "xmm0");
}

static void wide_save(void *to)
{
	__asm__ volatile("xsave64 (%0)" : : "r"(to), "a"(components), "d"(0) : "memory");
}

static void wide_restore(void *from)
{
	__asm__ volatile("xrstor64 (%0)" : : "r"(from), "a"(components), "d"(0)
			 : "memory", ALL_XMM);
}

static void save(void *to)
{
	__asm__ volatile("fxsave64 (%0)" : : "r"(to) : "memory");
}

static void restore(void *from)
{
	__asm__ volatile("fxrstor64 (%0)" : : "r"(from) : "memory", ALL_XMM);
}

#define ADD(x) __asm__ volatile("addq $1, %0" : "+r"(x))

#else
#error "only for arm64 and x86-64"
#endif

/* Picoseconds; whole numbers, for the moves change every vector register. */
static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* what others run does not count */
	return ((uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec) * 1000u;
}

/* Inlined with the move itself, so that no call saves registers in between. */
static inline __attribute__((always_inline)) uint64_t time_of(void (*move)(void *), uint8_t *first, size_t apart)
{
	uint64_t start = now();

	for (int i = 0; i < MOVES; i++)
		move(first + (size_t)(i % IMAGES) * apart);
	return (now() - start) / MOVES;
}

static uint64_t adds(void)
{
	static volatile uint64_t sum;
	uint64_t start = now(), x = sum;

	for (int j = 0; j < MOVES / 4; j++)
		for (int i = 0; i < ADDS / 20; i++) {
			ADD(x); ADD(x); ADD(x); ADD(x); ADD(x);
			ADD(x); ADD(x); ADD(x); ADD(x); ADD(x);
			ADD(x); ADD(x); ADD(x); ADD(x); ADD(x);
			ADD(x); ADD(x); ADD(x); ADD(x); ADD(x);
		}
	sum = x;
	return (now() - start) / (MOVES / 4);
}

int main(int argc, char **argv)
{
	int repetitions = argc > 1 ? atoi(argv[1]) : 31;
	int wide_bytes = look();

	printf("# %d %d %s\n", BYTES, wide_bytes, name);
	for (int i = 0; i < IMAGES; i++) {
		save(image[i].bytes);
		if (wide_bytes) {
			fill();
			wide_save(wide[i].bytes);
		}
	}
	for (int r = -2; r < repetitions; r++) { /* the first two warm up */
		uint64_t t[5] = { 0 };

		t[0] = time_of(save, image[0].bytes, sizeof(image[0]));
		t[1] = time_of(restore, image[0].bytes, sizeof(image[0]));
		t[2] = adds();
		if (wide_bytes) {
			fill();
			t[3] = time_of(wide_save, wide[0].bytes, sizeof(wide[0]));
			t[4] = time_of(wide_restore, wide[0].bytes,
				       sizeof(wide[0]));
		}
		if (r < 0)
			continue;
		for (int i = 0; i < (wide_bytes ? 5 : 3); i++)
			printf("%s%llu", i ? " " : "", (unsigned long long)t[i]);
		printf("\n");
	}
	return 0;
}
