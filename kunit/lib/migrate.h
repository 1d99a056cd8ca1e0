/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cases that change their CPU all the time. See migrate.c.
 */
#ifndef SPANHEAP_KUNIT_MIGRATE_H
#define SPANHEAP_KUNIT_MIGRATE_H

/* Move the calling task, if the parameter "migrate" says so. 0 or an error. */
int sh_migrate_start(void);

/* No more; nothing when nobody is moved. */
void sh_migrate_stop(void);

/* Have the calling task stay on the CPU it is on. Returns that. */
int sh_migrate_pin(void);

#endif /* SPANHEAP_KUNIT_MIGRATE_H */
