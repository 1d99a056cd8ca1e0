// SPDX-License-Identifier: GPL-2.0
/*
 * spanheap_sample - index lines of text in a heap of its own
 *
 * An example of a module that uses spanheap. It keeps lines of text and finds
 * them again by name: the third word of a line, as in /proc/kallsyms, or the
 * whole line when it has fewer words. Empty lines are skipped.
 *
 *	cd /sys/kernel/debug/spanheap_sample
 *	cat /proc/kallsyms > load	add the lines of a file
 *	echo vmalloc > lookup		ask for a name, then
 *	cat lookup			read its lines, or "not found"
 *	cat stats			entries, and what they cost
 *	echo > clear			free everything
 *
 * The index is a hash table: an entry and a string for each line, and one
 * array of buckets that doubles as it fills. All of it comes from one heap:
 * /sys/kernel/debug/spanheap/sample/ shows what the index uses, and what it
 * forgot to free when the module goes is freed with the heap, and reported.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/jhash.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/spanheap.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define LINE_MAX_LEN	4096	/* bytes of a line, newline included */
#define MIN_BUCKETS	1024
#define NAME_WORD	2	/* counted from 0 */

/**
 * struct entry - one line of text
 * @link: in its bucket
 * @hash: of the name
 * @len: bytes of @text
 * @name: where in @text the name starts
 * @name_len: bytes of the name
 * @text: the line without its newline; may hold any byte, is not terminated
 */
struct entry {
	struct hlist_node link;
	u32 hash;
	u16 len;
	u16 name;
	u16 name_len;
	char *text;
};

/**
 * struct loader - an open "load" file
 * @error: what ended the load, 0 while it goes on
 * @len: bytes of @line in use
 * @line: a line of which the end has not been written yet
 */
struct loader {
	int error;
	size_t len;
	char line[LINE_MAX_LEN];
};

static struct spanheap *heap;
static struct dentry *dir;

/* Protects everything below, and the loaders. */
static DEFINE_MUTEX(lock);

static struct hlist_head *buckets;
static size_t nr_buckets;	/* 0 or a power of two */
static size_t nr_entries;
static u64 text_bytes;
static char query[LINE_MAX_LEN];
static size_t query_len;

/*
 * The index
 */

static struct hlist_head *bucket_of(struct hlist_head *table, size_t nr,
				    u32 hash)
{
	return &table[hash & (nr - 1)];
}

/* Double the number of buckets. On failure the old ones are as they were. */
static int index_grow(void)
{
	size_t nr = nr_buckets ? 2 * nr_buckets : MIN_BUCKETS;
	struct hlist_head *table;
	struct hlist_node *next;
	struct entry *e;
	size_t i;

	/* All zero is an array of empty lists. */
	table = spanheap_calloc(heap, nr, sizeof(*table), GFP_KERNEL);
	if (!table)
		return -ENOMEM;

	for (i = 0; i < nr_buckets; i++) {
		hlist_for_each_entry_safe(e, next, &buckets[i], link)
			hlist_add_head(&e->link, bucket_of(table, nr, e->hash));
	}

	spanheap_free(buckets);
	buckets = table;
	nr_buckets = nr;
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Find the word that names a line, or take all of it. */
static void find_name(struct entry *e)
{
	u16 at = 0, start = 0, end = 0;
	int word;

	for (word = 0; word <= NAME_WORD; word++) {
		while (at < e->len && is_blank(e->text[at]))
			at++;
		start = at;
		while (at < e->len && !is_blank(e->text[at]))
			at++;
		end = at;
	}

	if (start == end) {
		start = 0;
		end = e->len;
	}
	e->name = start;
	e->name_len = end - start;
	e->hash = jhash(e->text + start, e->name_len, 0);
}

static int index_add(const char *text, size_t len)
{
	struct entry *e;

	if (!len)
		return 0;

	/* More than one entry a bucket: grow. That failed: be slower. */
	if (nr_entries >= nr_buckets && index_grow() && !buckets)
		return -ENOMEM;

	e = spanheap_alloc_obj(heap, struct entry, GFP_KERNEL);
	if (!e)
		return -ENOMEM;

	e->text = spanheap_alloc(heap, len, GFP_KERNEL);
	if (!e->text) {
		spanheap_free(e);
		return -ENOMEM;
	}
	memcpy(e->text, text, len);
	e->len = len;
	find_name(e);

	hlist_add_head(&e->link, bucket_of(buckets, nr_buckets, e->hash));
	nr_entries++;
	text_bytes += len;
	return 0;
}

/* Print the lines of a name; how many there are. */
static u32 index_print(struct seq_file *m, const char *name, size_t len)
{
	struct entry *e;
	u32 found = 0;
	u32 hash;

	if (!nr_buckets)
		return 0;

	hash = jhash(name, len, 0);
	hlist_for_each_entry(e, bucket_of(buckets, nr_buckets, hash), link) {
		if (e->hash != hash || e->name_len != len ||
		    memcmp(e->text + e->name, name, len))
			continue;
		seq_write(m, e->text, e->len);
		seq_putc(m, '\n');
		found++;
	}
	return found;
}

static void index_clear(void)
{
	struct hlist_node *next;
	struct entry *e;
	size_t i;

	for (i = 0; i < nr_buckets; i++) {
		hlist_for_each_entry_safe(e, next, &buckets[i], link) {
			spanheap_free(e->text);
			spanheap_free(e);
		}
		cond_resched();
	}

	spanheap_free(buckets);
	buckets = NULL;
	nr_buckets = 0;
	nr_entries = 0;
	text_bytes = 0;
}

/*
 * load: lines may be cut anywhere between one write and the next
 */

static int load_open(struct inode *inode, struct file *file)
{
	struct loader *ld = spanheap_alloc_obj(heap, struct loader, GFP_KERNEL);

	if (!ld)
		return -ENOMEM;

	ld->error = 0;
	ld->len = 0;
	file->private_data = ld;
	return 0;
}

/* Index the complete lines and keep what follows the last of them. */
static int load_lines(struct loader *ld)
{
	size_t start = 0;
	char *end;
	int ret = 0;

	while (!ret) {
		end = memchr(ld->line + start, '\n', ld->len - start);
		if (!end)
			break;
		ret = index_add(ld->line + start, end - ld->line - start);
		start = end + 1 - ld->line;
	}

	ld->len -= start;
	memmove(ld->line, ld->line + start, ld->len);

	if (!ret && ld->len == sizeof(ld->line)) {
		pr_err("line longer than %d bytes\n", LINE_MAX_LEN);
		ret = -E2BIG;
	}
	return ret;
}

/*
 * An error ends the load: the lines before it stay indexed, and whatever else
 * is written to this open file gets the same error.
 */
static ssize_t load_write(struct file *file, const char __user *buf,
			  size_t count, loff_t *ppos)
{
	struct loader *ld = file->private_data;
	size_t done = 0, n;
	ssize_t ret;

	mutex_lock(&lock);
	while (done < count && !ld->error) {
		n = min(count - done, sizeof(ld->line) - ld->len);
		if (copy_from_user(ld->line + ld->len, buf + done, n)) {
			ld->error = -EFAULT;
			break;
		}
		ld->len += n;
		done += n;
		ld->error = load_lines(ld);
		cond_resched();
	}
	ret = ld->error ?: (ssize_t)count;
	mutex_unlock(&lock);

	return ret;
}

static int load_release(struct inode *inode, struct file *file)
{
	struct loader *ld = file->private_data;

	/* A last line may lack its newline. close() cannot fail: say it. */
	mutex_lock(&lock);
	if (!ld->error && index_add(ld->line, ld->len))
		pr_err("no memory for the last line\n");
	mutex_unlock(&lock);

	spanheap_free(ld);
	return 0;
}

static const struct file_operations load_fops = {
	.owner		= THIS_MODULE,
	.open		= load_open,
	.write		= load_write,
	.release	= load_release,
};

/*
 * lookup: a write sets the name, a read gives its lines in no special order
 */

static int lookup_show(struct seq_file *m, void *unused)
{
	mutex_lock(&lock);
	if (!index_print(m, query, query_len))
		seq_puts(m, "not found\n");
	mutex_unlock(&lock);
	return 0;
}

static int lookup_open(struct inode *inode, struct file *file)
{
	return single_open(file, lookup_show, NULL);
}

static ssize_t lookup_write(struct file *file, const char __user *buf,
			    size_t count, loff_t *ppos)
{
	ssize_t ret = count;

	if (count > sizeof(query))
		return -E2BIG;

	mutex_lock(&lock);
	query_len = 0;
	if (copy_from_user(query, buf, count)) {
		ret = -EFAULT;
	} else {
		query_len = count;
		if (count && query[count - 1] == '\n')
			query_len--;
	}
	mutex_unlock(&lock);

	return ret;
}

static const struct file_operations lookup_fops = {
	.owner		= THIS_MODULE,
	.open		= lookup_open,
	.read		= seq_read,
	.write		= lookup_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

/*
 * clear: any write frees the index
 */

static ssize_t clear_write(struct file *file, const char __user *buf,
			   size_t count, loff_t *ppos)
{
	mutex_lock(&lock);
	index_clear();
	mutex_unlock(&lock);

	return count;
}

static const struct file_operations clear_fops = {
	.owner		= THIS_MODULE,
	.open		= simple_open,
	.write		= clear_write,
};

static int stats_show(struct seq_file *m, void *unused)
{
	struct spanheap_stats stats;

	mutex_lock(&lock);
	spanheap_get_stats(heap, &stats);
	seq_printf(m, "entries %zu\n", nr_entries);
	seq_printf(m, "buckets %zu\n", nr_buckets);
	seq_printf(m, "text_bytes %llu\n", text_bytes);
	seq_printf(m, "bytes %llu\n", stats.object_bytes);
	mutex_unlock(&lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int __init sample_init(void)
{
	heap = spanheap_create("sample", NULL);
	if (IS_ERR(heap))
		return PTR_ERR(heap);

	dir = debugfs_create_dir("spanheap_sample", NULL);
	if (IS_ERR(dir)) {
		spanheap_destroy(heap);
		return PTR_ERR(dir);
	}
	debugfs_create_file("load", 0200, dir, NULL, &load_fops);
	debugfs_create_file("lookup", 0600, dir, NULL, &lookup_fops);
	debugfs_create_file("clear", 0200, dir, NULL, &clear_fops);
	debugfs_create_file("stats", 0400, dir, NULL, &stats_fops);
	return 0;
}
module_init(sample_init);

static void __exit sample_exit(void)
{
	debugfs_remove(dir);
	index_clear();
	spanheap_destroy(heap);
}
module_exit(sample_exit);

MODULE_DESCRIPTION("Index of text lines, an example of using spanheap");
MODULE_AUTHOR("The spanheap authors");
MODULE_LICENSE("GPL");
