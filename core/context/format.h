/* SPDX-License-Identifier: Apache-2.0 */
/* The context file, byte for byte. Compiles as C11, C++20 and in the kernel. docs/context-format.md explains it.
 *
 *   offset 0        struct cairn_ctx_header, padded with zeros to 4096
 *   4096            payload: chunks, each 4096-aligned and padded with zeros to 4096, without gaps, in any order
 *   metadata_offset sections, each 8-aligned, padded with zeros, without gaps, in the order of the index
 *   index_offset    struct cairn_ctx_section[index_count], padded with zeros to 4096
 *   length - 4096   struct cairn_ctx_trailer, padded with zeros to 4096
 *
 * Every byte of a file is covered by a checksum or must be zero. All numbers are little-endian. All checksums
 * are XXH64 with seed 0 unless a comment says otherwise. A file is written from front to back, without seeking,
 * so it may go into a pipe; it is whole if and only if its last 4096 bytes are a valid trailer.
 */
#ifndef CAIRN_CONTEXT_FORMAT_H
#define CAIRN_CONTEXT_FORMAT_H

#ifdef __KERNEL__
#include <linux/types.h>
typedef __u32 cairn_u32;
typedef __u64 cairn_u64;
typedef __u8 cairn_u8;
typedef __s64 cairn_s64;
#else
#include <stdint.h>
typedef uint32_t cairn_u32;
typedef uint64_t cairn_u64;
typedef uint8_t cairn_u8;
typedef int64_t cairn_s64;
#endif

#define CAIRN_CTX_MAGIC 0x0a1a58544e524143ULL         /* "CARNTX\x1a\n" */
#define CAIRN_CTX_TRAILER_MAGIC 0x0a1a444e454e5243ULL /* "CRNEND\x1a\n" */
#define CAIRN_CTX_VERSION 1u                          /* readers refuse any other */
#define CAIRN_CTX_LITTLE_ENDIAN 0x01020304u           /* as read by the machine that wrote it */
#define CAIRN_CTX_PAGE 4096u
#define CAIRN_CTX_CHUNK_MAX (4u << 20) /* raw bytes of one chunk, at most */
#define CAIRN_CTX_CPU_WORDS 16

enum cairn_ctx_machine { CAIRN_CTX_X86_64 = 62 }; /* ELF's e_machine */

/* Header flags: with what options the file was written. For people; the tables say what is there. */
#define CAIRN_CTX_COMPRESSED 0x1ULL
#define CAIRN_CTX_BY_REFERENCE 0x2ULL     /* objects by identity only */
#define CAIRN_CTX_EXTERNAL_OBJECTS 0x4ULL /* objects in a directory beside the file */

/* cpu[]: CPUID words, see the indices; unused ones are 0. */
enum cairn_ctx_cpu_word {
  CAIRN_CTX_CPU_1_EAX = 0, /* family, model, stepping */
  CAIRN_CTX_CPU_1_ECX = 1,
  CAIRN_CTX_CPU_1_EDX = 2,
  CAIRN_CTX_CPU_7_EBX = 3,
  CAIRN_CTX_CPU_7_ECX = 4,
  CAIRN_CTX_CPU_7_EDX = 5,
  CAIRN_CTX_CPU_7_1_EAX = 6,
  CAIRN_CTX_CPU_D_1_EAX = 7, /* xsaveopt, xsavec, ... */
  CAIRN_CTX_CPU_EXT_ECX = 8, /* 0x80000001 */
  CAIRN_CTX_CPU_EXT_EDX = 9,
  CAIRN_CTX_CPU_HWCAP2 = 10 /* AT_HWCAP2: bit 1 is FSGSBASE for user space */
};

/* Strings are NUL-terminated and padded with NULs. */
struct cairn_ctx_header {
  cairn_u64 magic;
  cairn_u32 version;
  cairn_u32 endianness;
  cairn_u32 header_size; /* sizeof(struct cairn_ctx_header) of the writer */
  cairn_u32 machine;
  cairn_u64 flags;
  cairn_u64 arena_top;   /* no area of this file reaches beyond it */
  cairn_s64 created_ns;  /* CLOCK_REALTIME */
  cairn_u64 xcr0;        /* enabled xstate components */
  cairn_u32 xstate_size; /* bytes of an XSAVE area for xcr0 (CPUID 0xd.0 EBX) */
  cairn_u32 page_size;   /* 4096 */
  cairn_u32 pid;         /* of the process, as it saw itself */
  cairn_u32 reserved0;
  cairn_u32 cpu[CAIRN_CTX_CPU_WORDS];
  char cpu_vendor[16];
  char kernel_release[128]; /* uname -r */
  char libc_version[32];    /* "2.36" */
  char boot_id[40];         /* /proc/sys/kernel/random/boot_id */
  char hostname[256];
  char program[1024]; /* path of the guest's executable; cut if longer */
  char writer[64];    /* "cairn 0.1.0 user" */
  cairn_u64 checksum; /* of all bytes before this field */
};

/* Sections. The content of those below 256 is the caller's business; the writer makes 256 and above itself. */
enum cairn_ctx_section_type {
  CAIRN_CTX_PROCESS = 1, /* ids, names, directory, limits, mm layout */
  CAIRN_CTX_THREADS = 2,
  CAIRN_CTX_FILES = 3, /* descriptors and open file descriptions */
  CAIRN_CTX_SIGNALS = 4,
  CAIRN_CTX_TIMERS = 5,
  CAIRN_CTX_EXTENSION = 6,     /* host::Extension::save_section() */
  CAIRN_CTX_GUEST = 7,         /* where struct cairn_guest is, and its version */
  CAIRN_CTX_TREE = 8,          /* the process tree */
  CAIRN_CTX_IPC = 9,           /* pipes, shared memory: identities and contents */
  CAIRN_CTX_CREDENTIALS = 10,  /* users, groups and capabilities, thread by thread */
  CAIRN_CTX_MEMORY = 11,       /* what the areas do not say */
  CAIRN_CTX_SETTINGS = 12,     /* what else a process and its threads are set to */
  CAIRN_CTX_STARTER = 13,      /* terminal modes, status flags at 0, 1 and 2 */
  CAIRN_CTX_FILE_RECORDS = 16, /* files by reference, as they were */
  CAIRN_CTX_CLOCKS = 17,       /* where the clocks stood, processor time */
  CAIRN_CTX_RECORD_LOCKS = 18, /* locks of the process on files */
  CAIRN_CTX_SYSTEM_V = 19,     /* System V shared memory, semaphores, message queues */
  CAIRN_CTX_DIRECTORY = 20,    /* a working directory that has been deleted */
  CAIRN_CTX_CHILD_STOPS = 21,  /* stops of children that their parent knows */
  CAIRN_CTX_PRIVATE = 128,     /* 128..255: experiments; never in released files */
  CAIRN_CTX_AREAS = 256,       /* struct cairn_ctx_area[] */
  CAIRN_CTX_OBJECTS = 257,     /* struct cairn_ctx_object[] */
  CAIRN_CTX_CHUNKS = 258,      /* struct cairn_ctx_chunk[] */
  CAIRN_CTX_RUNS = 259,        /* struct cairn_ctx_run[] */
  CAIRN_CTX_STRINGS = 260      /* NUL-terminated UTF-8 or raw path bytes; offset 0 is "" */
};

#define CAIRN_CTX_SECTION_OPTIONAL 0x1u /* a reader that does not know the type may go on without it */

/* One entry of the index. Several sections may have the same type below 256; their order is kept. */
struct cairn_ctx_section {
  cairn_u32 type;
  cairn_u32 version; /* of the content */
  cairn_u32 flags;
  cairn_u32 reserved;
  cairn_u64 offset;   /* in the file, 8-aligned */
  cairn_u64 length;   /* bytes, without padding */
  cairn_u64 checksum; /* of those bytes */
};

#define CAIRN_CTX_AREA_SHARED 0x1u
#define CAIRN_CTX_AREA_GROWSDOWN 0x2u
#define CAIRN_CTX_AREA_NORESERVE 0x4u
#define CAIRN_CTX_AREA_HUGETLB 0x8u
#define CAIRN_CTX_AREA_BRK 0x10u
#define CAIRN_CTX_AREA_DELETED 0x20u /* path had been deleted */
#define CAIRN_CTX_AREA_CONTENT 0x40u /* what the chunks do not cover is zero (or the object's); else it is unknown */

#define CAIRN_CTX_NONE 0xffffffffu

/* The area table is sorted by start; areas do not overlap and end at or below the header's arena_top. */
struct cairn_ctx_area {
  cairn_u64 start, end;  /* page-aligned */
  cairn_u64 file_offset; /* of start, where file-backed */
  cairn_u64 device, inode;
  cairn_u64 object_offset; /* page-aligned; of start in the object */
  cairn_u32 object;        /* index of the object whose pages show through where no chunk covers, or NONE */
  cairn_u32 prot;          /* PROT_* */
  cairn_u32 flags;
  cairn_u32 path;     /* offset in STRINGS; 0 if none */
  cairn_u32 vm_flags; /* offset in STRINGS */
  cairn_u32 reserved;
};

enum cairn_ctx_object_kind {
  CAIRN_CTX_OBJECT_REFERENCE = 0, /* identity only */
  CAIRN_CTX_OBJECT_EMBEDDED = 1,  /* content in chunks of this file */
  CAIRN_CTX_OBJECT_EXTERNAL = 2   /* content in the file `location`, relative to the context file's directory */
};

/* A file that areas map privately. hash: XXH3-128 of the whole content, canonical (big-endian) bytes. */
struct cairn_ctx_object {
  cairn_u32 kind;
  cairn_u32 build_id_size; /* 0..32 */
  cairn_u64 size;          /* bytes of content */
  cairn_u64 device, inode;
  cairn_s64 mtime_ns;
  cairn_u8 hash[16]; /* zero for REFERENCE objects that were never read */
  cairn_u8 build_id[32];
  cairn_u32 path;     /* offset in STRINGS: where the file was */
  cairn_u32 location; /* offset in STRINGS: EXTERNAL only */
};

enum cairn_ctx_compression { CAIRN_CTX_PLAIN = 0, CAIRN_CTX_LZ4 = 1, CAIRN_CTX_ZSTD = 2 };

/* Bytes of all embedded objects that no chunk covers: whoever reads a file spends time on them. */
#define CAIRN_CTX_HOLES_MAX (64ull << 30)

#define CAIRN_CTX_CHUNK_OBJECT 0x1u /* target is an object, and addresses of its runs are offsets in it */

/* Payload of one area or object: its runs, one after the other. Chunks of one target are in ascending order of
 * address in the table, and so are the runs within a chunk; nothing is covered twice. Of an object a chunk has no
 * holes; what its chunks do not cover is zeros. */
struct cairn_ctx_chunk {
  cairn_u64 offset;   /* in the file, 4096-aligned */
  cairn_u64 stored;   /* bytes in the file, without padding; 0 if all runs are zero runs */
  cairn_u64 checksum; /* of the stored bytes */
  cairn_u32 raw;      /* bytes of the runs that have content; <= CAIRN_CTX_CHUNK_MAX */
  cairn_u32 target;   /* index of the area or object */
  cairn_u32 flags;
  cairn_u32 compression; /* enum cairn_ctx_compression */
  cairn_u32 first_run;   /* index in RUNS */
  cairn_u32 run_count;   /* >= 1 */
};

#define CAIRN_CTX_RUN_ZERO 0x1u /* pages of zeros that hide an object's: no payload */

struct cairn_ctx_run {
  cairn_u64 address; /* page-aligned, absolute (or an offset, for objects) */
  cairn_u32 pages;   /* >= 1 */
  cairn_u32 flags;
};

struct cairn_ctx_trailer {
  cairn_u64 magic;
  cairn_u32 version;
  cairn_u32 index_count; /* <= CAIRN_CTX_SECTIONS_MAX */
  cairn_u64 length;      /* of the whole file, this page included */
  cairn_u64 metadata_offset;
  cairn_u64 index_offset;    /* 4096-aligned */
  cairn_u64 index_checksum;  /* of the index entries: through them, of everything */
  cairn_u64 header_checksum; /* header.checksum again: header and trailer belong together */
  cairn_u64 payload_raw;     /* bytes of memory in the chunks, before compression */
  cairn_u64 checksum;        /* of all fields before this one */
};

#define CAIRN_CTX_SECTIONS_MAX 65536u

#endif
