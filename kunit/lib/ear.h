/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the log says: a console of our own listens, for suites that test
 * messages. sh_ear_open() and sh_ear_close() are such a suite's init and exit.
 */
#ifndef SPANHEAP_KUNIT_EAR_H
#define SPANHEAP_KUNIT_EAR_H

#include <kunit/test.h>

int sh_ear_open(struct kunit_suite *suite);
void sh_ear_close(struct kunit_suite *suite);

/* Forget what was heard so far. */
void sh_ear_listen(void);

/* What was printed since, as far as there is room. */
const char *sh_ear_heard(void);

/* How often it has @what. */
int sh_ear_count(const char *what);

static inline void sh_ear_expect(struct kunit *test, const char *what)
{
	const char *heard = sh_ear_heard();

	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(heard, what),
				  "\"%s\" is not in the log: %s", what, heard);
}

#define SH_EXPECT_SILENCE(test)						\
	KUNIT_EXPECT_NULL_MSG(test, strstr(sh_ear_heard(), "spanheap: "), \
			      "not silent: %s", sh_ear_heard())

#endif /* SPANHEAP_KUNIT_EAR_H */
