// Found by containerd in the place of its own shim, which it takes after this one's name. Asked to start a shim for a container
// that joins a pod's sandbox, it answers with the sandbox's, which serves both: two starts of a Go program and a process of some
// MiB fewer for each container. So it is with a CRI, by annotations that an engine has none of. For any other container it starts
// the real one, which would start itself once more for that. Whatever else is asked, the real one does.

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define REAL "/usr/bin/containerd-shim-runc-v2"
#define ID_LENGTH 64
#define PREFIX "unix://"
// Where the real one listens, too.
#define PLACES "/run/containerd/s"
// The first that a Go program's child is handed, after its three own.
#define DOOR 3

static char *read_file(const char *path) {
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t length = 0;
	// Up to a byte that is in no text: all of it.
	ssize_t got = file ? getdelim(&text, &length, '\0', file) : -1;
	if (file) fclose(file);
	return got < 0 ? NULL : text;
}

// The process whose network the container joins. In text that learners choose these quotes would have another before them.
static int process_joined(void) {
	static const char JOINED[] = "\"type\":\"network\",\"path\":\"/proc/";
	const char *config = read_file("config.json");
	const char *found = config ? strstr(config, JOINED) : NULL;
	return found ? atoi(found + strlen(JOINED)) : 0;
}

// The container of a pod that a process belongs to; its group bears its name: ":/kubepods/…/pod…/ID".
static char *sandbox_of(int pid) {
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/cgroup", pid);
	char *rest = read_file(path);
	for (char *line; rest && (line = strsep(&rest, "\n"));) {
		char *group = strstr(line, ":/kubepods/");
		char *id = group ? strrchr(group, '/') + 1 : "";
		if (strspn(id, "0123456789abcdef") == ID_LENGTH && id[ID_LENGTH] == '\0') return id;
	}
	return NULL;
}

// Where the sandbox's shim listens, if it does.
static char *address_of(const char *sandbox) {
	char path[128];
	snprintf(path, sizeof path, "../%s/address", sandbox);
	char *address = read_file(path);
	struct sockaddr_un socket_address = { .sun_family = AF_UNIX };
	if (!address || strncmp(address, PREFIX, strlen(PREFIX)) != 0) return NULL;
	const char *place = address + strlen(PREFIX);
	if (strlen(place) >= sizeof socket_address.sun_path) return NULL;
	strcpy(socket_address.sun_path, place);
	int door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int refused = connect(door, (struct sockaddr *)&socket_address, sizeof socket_address);
	close(door);
	return refused ? NULL : address;
}

// As the shim itself does it: containerd looks there when it is started again.
static int note(const char *address) {
	FILE *file = fopen("address", "w");
	return file && fputs(address, file) >= 0 && fclose(file) == 0;
}

// A door to be served, at the container's name; none where that is taken, or too long.
static int open_door(const char *id, char *address, size_t room) {
	struct sockaddr_un place = { .sun_family = AF_UNIX };
	size_t length = (size_t)snprintf(place.sun_path, sizeof place.sun_path, PLACES "/%s", id);
	snprintf(address, room, PREFIX "%s", place.sun_path);
	mkdir("/run/containerd", 0711);
	mkdir(PLACES, 0700);
	if (length >= sizeof place.sun_path || strchr(id, '/')) return -1;
	int door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(door, (struct sockaddr *)&place, sizeof place)) return -1;
	return chmod(place.sun_path, 0600) || listen(door, SOMAXCONN) ? -1 : door;
}

// Killed for memory before containerd is, and after what it serves.
static void be_killed_before_parent(void) {
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/oom_score_adj", getppid());
	char *score = read_file(path);
	FILE *own = fopen("/proc/self/oom_score_adj", "w");
	if (score && own && atoi(score) < 1000) fprintf(own, "%d", atoi(score) + 1);
	if (own) fclose(own);
}

// The real one serves what it finds behind the door, and ends when its containers are gone.
static void serve(int door, int argc, char **argv) {
	be_killed_before_parent();
	pid_t child = fork();
	if (child) {
		if (child < 0) _exit(1);
		return;
	}
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int own = 0; own < DOOR; own++) dup2(nothing, own);
	setpgid(0, 0);
	if (door == DOOR) fcntl(door, F_SETFD, 0);
	else dup2(door, DOOR);
	argv[argc - 1] = NULL;
	setenv("GOMAXPROCS", "4", 1);
	execv(REAL, argv);
	_exit(1);
}

static const char *value_of(const char *flag, int argc, char **argv) {
	for (int at = 1; at < argc - 1; at++) if (strcmp(argv[at], flag) == 0) return argv[at + 1];
	return "";
}

int main(int argc, char **argv) {
	int is_start = strcmp(argv[argc - 1], "start") == 0;
	int pid = is_start ? process_joined() : 0;
	char *sandbox = pid ? sandbox_of(pid) : NULL;
	char *address = sandbox ? address_of(sandbox) : NULL;
	if (address && note(address)) {
		puts(address);
		return 0;
	}
	argv[0] = REAL;
	char own[sizeof PREFIX + sizeof(struct sockaddr_un)];
	int door = is_start ? open_door(value_of("-id", argc, argv), own, sizeof own) : -1;
	if (door >= 0 && note(own)) {
		serve(door, argc, argv);
		puts(own);
		return 0;
	}
	execv(REAL, argv);
	perror(REAL);
	return 1;
}
