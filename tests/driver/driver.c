/* A library with the driver's functions that numba and CUDA's packages for Python call. Each tells Python what it was called with,
   and returns what Python answers: see emulated.py. A function that is missing here is one that the driver lacks. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

typedef uint64_t word;
typedef int (*listener)(const char *name, word a, word b, word c, word *out);
typedef int (*starter)(word function, const unsigned *grid, const unsigned *block, word stream, void **parameters);

/* At first, and again when Python ends, nobody listens; what is given back then is given back to nobody. */
static int nobody(const char *name, word a, word b, word c, word *out) { return 0; }
static int nowhere(word function, const unsigned *grid, const unsigned *block, word stream, void **parameters) { return 0; }

static listener call = nobody;
static starter start = nowhere;

void listen_with(listener for_all, starter for_launches)
{
    call = for_all ? for_all : nobody;
    start = for_launches ? for_launches : nowhere;
}

int cuGetProcAddress_v2(const char *name, void **function, int version, word flags, int *status)
{
    Dl_info here;
    dladdr((void *)&cuGetProcAddress_v2, &here);
    *function = dlsym(dlopen(here.dli_fname, RTLD_NOW | RTLD_NOLOAD), name);
    if (status)
        *status = *function ? 0 : 1;
    return *function ? 0 : 500;
}

/* TELLS passes on up to three arguments; ANSWERS also writes an answer of that type to where ``out`` points. */
#define TELLS(name, parameters, a, b, c) \
    int name parameters { return call(#name, (word)(a), (word)(b), (word)(c), 0); }
#define ANSWERS(name, parameters, type, out, a, b) \
    int name parameters { word answer = 0; int code = call(#name, (word)(a), (word)(b), 0, &answer); \
        if (!code) *(type *)(out) = (type)answer; return code; }

TELLS(cuInit, (unsigned flags), flags, 0, 0)
ANSWERS(cuDriverGetVersion, (int *version), int, version, 0, 0)
ANSWERS(cuGetErrorName, (int error, void *text), word, text, error, 0)
ANSWERS(cuGetErrorString, (int error, void *text), word, text, error, 0)

ANSWERS(cuDeviceGetCount, (int *count), int, count, 0, 0)
ANSWERS(cuDeviceGet, (int *device, int number), int, device, number, 0)
ANSWERS(cuDeviceGetAttribute, (int *value, int attribute, int device), int, value, attribute, device)
TELLS(cuDeviceGetName, (void *name, int size, int device), name, size, device)
TELLS(cuDeviceGetUuid, (void *bytes, int device), bytes, device, 0)
ANSWERS(cuDeviceTotalMem, (void *bytes, int device), word, bytes, device, 0)

ANSWERS(cuDevicePrimaryCtxRetain, (void *context, int device), word, context, device, 0)
TELLS(cuDevicePrimaryCtxRelease, (int device), device, 0, 0)
TELLS(cuCtxPushCurrent, (word context), context, 0, 0)
ANSWERS(cuCtxPopCurrent, (void *context), word, context, 0, 0)
TELLS(cuCtxSetCurrent, (word context), context, 0, 0)
ANSWERS(cuCtxGetCurrent, (void *context), word, context, 0, 0)
ANSWERS(cuCtxGetDevice, (int *device), int, device, 0, 0)
TELLS(cuCtxSynchronize, (void), 0, 0, 0)

ANSWERS(cuMemAlloc, (void *address, word size), word, address, size, 0)
TELLS(cuMemFree, (word address), address, 0, 0)
int cuMemGetInfo(word *free, word *total) { return call("cuMemGetInfo", 0, 0, 0, free) | call("cuDeviceTotalMem", 0, 0, 0, total); }
ANSWERS(cuMemHostAlloc, (void *address, word size, unsigned flags), word, address, size, flags)
TELLS(cuMemFreeHost, (word address), address, 0, 0)
TELLS(cuMemcpyHtoD, (word to, void *from, word size), to, from, size)
TELLS(cuMemcpyDtoH, (void *to, word from, word size), to, from, size)
int cuMemcpyHtoDAsync(word to, void *from, word size, word stream)
{ return call("on", stream, 0, 0, 0) | call("cuMemcpyHtoD", to, (word)from, size, 0); }
int cuMemcpyDtoHAsync(void *to, word from, word size, word stream)
{ return call("on", stream, 0, 0, 0) | call("cuMemcpyDtoH", (word)to, from, size, 0); }
ANSWERS(cuPointerGetAttribute, (void *value, int attribute, word address), word, value, attribute, address)

ANSWERS(cuStreamCreate, (void *stream, unsigned flags), word, stream, flags, 0)
TELLS(cuStreamDestroy, (word stream), stream, 0, 0)
TELLS(cuStreamQuery, (word stream), stream, 0, 0)
TELLS(cuStreamSynchronize, (word stream), stream, 0, 0)
TELLS(cuStreamWaitEvent, (word stream, word event, unsigned flags), stream, event, flags)
ANSWERS(cuEventCreate, (void *event, unsigned flags), word, event, flags, 0)
TELLS(cuEventDestroy, (word event), event, 0, 0)
TELLS(cuEventRecord, (word event, word stream), event, stream, 0)
TELLS(cuEventQuery, (word event), event, 0, 0)
TELLS(cuEventSynchronize, (word event), event, 0, 0)
int cuEventElapsedTime(float *milliseconds, word from, word to)
{ word answer = 0; int code = call("cuEventElapsedTime", from, to, 0, &answer); *milliseconds = answer / 1000.f; return code; }

ANSWERS(cuModuleLoadDataEx, (void *module, void *image, unsigned count, void *keys, void *values), word, module, image, 0)
TELLS(cuModuleUnload, (word module), module, 0, 0)
ANSWERS(cuModuleGetFunction, (void *function, word module, const char *name), word, function, module, name)
ANSWERS(cuLibraryLoadData, (void *library, void *image, void *a, void *b, unsigned c, void *d, void *e, unsigned f),
        word, library, image, 0)
TELLS(cuLibraryUnload, (word library), library, 0, 0)
ANSWERS(cuLibraryGetKernel, (void *kernel, word library, const char *name), word, kernel, library, name)
ANSWERS(cuKernelGetAttribute, (int *value, int attribute, word kernel, int device), int, value, attribute, kernel)
ANSWERS(cuFuncGetAttribute, (int *value, int attribute, word function), int, value, attribute, function)

int cuLaunchKernel(word function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
                   word stream, void **parameters, void **extra)
{
    unsigned grid[] = {gx, gy, gz}, block[] = {bx, by, bz};
    return start(function, grid, block, stream, parameters);
}
