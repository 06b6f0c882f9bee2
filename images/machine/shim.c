// Found by containerd in the place of its own shim, which it takes after this one's name. Asked to start a shim for a container
// that joins a pod's sandbox, it answers with the sandbox's, which serves both: two starts of a Go program and a process of some
// MiB fewer for each container. So it is with a CRI, by annotations that an engine has none of. Whatever else is asked, the real one does.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REAL "/usr/bin/containerd-shim-runc-v2"
#define ID_LENGTH 64
#define PREFIX "unix://"

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

int main(int argc, char **argv) {
	int pid = strcmp(argv[argc - 1], "start") == 0 ? process_joined() : 0;
	char *sandbox = pid ? sandbox_of(pid) : NULL;
	char *address = sandbox ? address_of(sandbox) : NULL;
	if (address && note(address)) {
		puts(address);
		return 0;
	}
	argv[0] = REAL;
	execv(REAL, argv);
	perror(REAL);
	return 1;
}
