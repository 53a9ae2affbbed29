/* A test is a function without arguments; RUN() names it, CHECK() counts, the first failure ends the program. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern unsigned checks_done;
extern unsigned tests_done;

#define CHECK(condition)                                                             \
    do {                                                                             \
        checks_done++;                                                               \
        if (!(condition)) {                                                          \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);  \
            exit(1);                                                                 \
        }                                                                            \
    } while (0)

#define CHECK_EQUAL(actual, expected)                                                                             \
    do {                                                                                                          \
        long long is_ = (long long)(actual), should_ = (long long)(expected);                                     \
        checks_done++;                                                                                            \
        if (is_ != should_) {                                                                                     \
            fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #actual, is_, should_);          \
            exit(1);                                                                                              \
        }                                                                                                         \
    } while (0)

#define RUN(test)                                 \
    do {                                          \
        fprintf(stderr, "  %s\n", #test);         \
        test();                                   \
        tests_done++;                             \
    } while (0)

#define REPORT(name) printf(name "_tests %u tests\n" name "_checks %u checks\n", tests_done, checks_done)

#endif
