// SPDX-License-Identifier: GPL-2.0
/*
 * See ear.h.
 */
#include <linux/console.h>
#include <linux/delay.h>
#include <linux/string.h>

#include "lib/ear.h"

static char heard[32768];
static size_t nr_heard;
static int loglevel;

static void hear(struct console *con, const char *text, unsigned int len)
{
	len = min_t(size_t, len, sizeof(heard) - 1 - nr_heard);
	memcpy(heard + nr_heard, text, len);
	nr_heard += len;
	heard[nr_heard] = 0;
}

static struct console ear = {
	.name = "spanheap_ear",
	.write = hear,
};

static void flush(void)
{
	console_lock();
	console_unlock();
}

void sh_ear_listen(void)
{
	flush();
	console_lock();
	nr_heard = 0;
	heard[0] = 0;
	console_unlock();
}

const char *sh_ear_heard(void)
{
	flush();
	return heard;
}

int sh_ear_count(const char *what)
{
	const char *at = sh_ear_heard();
	int nr = 0;

	while ((at = strstr(at, what))) {
		nr++;
		at++;
	}
	return nr;
}

int sh_ear_open(struct kunit_suite *suite)
{
	loglevel = console_loglevel;
	console_loglevel = CONSOLE_LOGLEVEL_DEFAULT;
	/* What unregistering took away. */
	ear.flags = CON_ENABLED | CON_ANYTIME;
	ear.index = -1;
	register_console(&ear);
	/* Other cases may have used up what may be reported in a second. */
	msleep(1100);
	return 0;
}

void sh_ear_close(struct kunit_suite *suite)
{
	unregister_console(&ear);
	console_loglevel = loglevel;
}
