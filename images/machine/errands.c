// Starts programs for the node agent. Each fork copies the page tables of who forks: the agent has 80 MB of them, and all its
// pods wait for the copy; this one has next to nothing. Who connects says what is to be run, hears what it says and how it
// ended; who hangs up before has it ended.
//
//   asked:  four numbers of 32 bits: how many arguments, how many variables, the length of both, the length of its input;
//           then arguments and variables, each with a zero after it, and the input.
//   told:   pieces, each a letter, a number of 32 bits and so many bytes: o and e what it says, then in digits x its exit
//           code, s the signal that ended it, or f the error for which it could not be started.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct asked { uint32_t arguments, variables, length, input; };

// What runs here, as long as it does.
static pid_t program;

// Whoever asked for it is gone.
static void give_up(void) {
	if (program > 0) kill(program, SIGTERM);
	_exit(0);
}

static int read_all(int from, void *into, size_t length) {
	for (char *at = into; length > 0;) {
		ssize_t got = read(from, at, length);
		if (got <= 0) return 0;
		at += got;
		length -= (size_t)got;
	}
	return 1;
}

static void write_all(int to, const void *what, size_t length) {
	for (const char *at = what; length > 0;) {
		ssize_t put = write(to, at, length);
		if (put < 0) give_up();
		at += put;
		length -= (size_t)put;
	}
}

static void tell(int peer, char kind, const void *what, size_t length) {
	char head[5] = { kind };
	uint32_t size = (uint32_t)length;
	memcpy(head + 1, &size, sizeof size);
	write_all(peer, head, sizeof head);
	write_all(peer, what, length);
}

static void tell_number(int peer, char kind, int number) {
	char digits[16];
	tell(peer, kind, digits, (size_t)snprintf(digits, sizeof digits, "%d", number));
}

// The strings from here on, and where the next ones begin.
static char **strings(char **at, uint32_t count) {
	char **all = calloc(count + 1, sizeof *all);
	if (!all) _exit(1);
	for (uint32_t one = 0; one < count; one++) {
		all[one] = *at;
		*at += strlen(*at) + 1;
	}
	return all;
}

static int start(char **arguments, int in, int out, int err) {
	posix_spawn_file_actions_t files;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	posix_spawn_file_actions_adddup2(&files, err, 2);
	posix_spawnattr_t how;
	sigset_t usual, none;
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	sigemptyset(&none);
	posix_spawnattr_init(&how);
	posix_spawnattr_setsigdefault(&how, &usual);
	posix_spawnattr_setsigmask(&how, &none);
	posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	return posix_spawnp(&program, arguments[0], &files, &how, arguments, environ);
}

static void on_end(int signal) {
	(void)signal;
}

// SIGCHLD comes only while poll waits, and ends the wait.
static void hear_of_ends(void) {
	struct sigaction heard = { .sa_handler = on_end };
	sigset_t ends;
	sigemptyset(&ends);
	sigaddset(&ends, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	sigaction(SIGCHLD, &heard, NULL);
}

// Until the program has ended and all that it has started have nothing more to say. How it has ended.
static int converse(int peer, int in, const char *input, size_t length, int out, int err) {
	static char piece[65536];
	struct pollfd ends[] = { { peer, POLLIN, 0 }, { out, POLLIN, 0 }, { err, POLLIN, 0 }, { in, POLLOUT, 0 } };
	int status = 0;
	sigset_t none;
	sigemptyset(&none);
	fcntl(in, F_SETFL, O_NONBLOCK);
	for (;;) {
		if (program > 0 && waitpid(program, &status, WNOHANG) == program) program = 0;
		if (program == 0 && ends[1].fd < 0 && ends[2].fd < 0) return status;
		// As with a child of node: what it leaves behind hears no more of the input.
		if (ends[3].fd >= 0 && (length == 0 || program == 0)) {
			close(in);
			ends[3].fd = -1;
		}
		if (ppoll(ends, 4, NULL, &none) < 0) continue;
		// It has nothing more to say, so it has hung up.
		if (ends[0].revents) give_up();
		for (int end = 1; end <= 2; end++) {
			if (!ends[end].revents) continue;
			ssize_t got = read(ends[end].fd, piece, sizeof piece);
			if (got > 0) tell(peer, end == 1 ? 'o' : 'e', piece, (size_t)got);
			else ends[end].fd = -1;
		}
		if (!ends[3].revents) continue;
		ssize_t put = write(in, input, length);
		if (put < 0 && errno != EAGAIN) length = 0;
		if (put > 0) {
			input += put;
			length -= (size_t)put;
		}
	}
}

static void serve(int peer) {
	struct asked asked;
	if (!read_all(peer, &asked, sizeof asked)) return;
	char *text = malloc((size_t)asked.length + asked.input + 1);
	if (!text || !read_all(peer, text, (size_t)asked.length + asked.input)) return;
	char *at = text;
	char **arguments = strings(&at, asked.arguments);
	environ = strings(&at, asked.variables);
	int in[2], out[2], err[2];
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) return tell_number(peer, 'f', errno);
	hear_of_ends();
	int error = start(arguments, in[0], out[1], err[1]);
	if (error) return tell_number(peer, 'f', error);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	int status = converse(peer, in[1], at, asked.input, out[0], err[0]);
	if (WIFEXITED(status)) tell_number(peer, 'x', WEXITSTATUS(status));
	else tell_number(peer, 's', WTERMSIG(status));
}

// Hears it out first: node forgets what it was told when it cannot write. Who is slower than a second is not told.
static void refuse(int peer, int error) {
	struct timeval patience = { .tv_sec = 1 };
	setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	static char piece[65536];
	struct asked asked;
	if (!read_all(peer, &asked, sizeof asked)) return;
	for (size_t left = (size_t)asked.length + asked.input; left > 0;) {
		ssize_t got = read(peer, piece, left < sizeof piece ? left : sizeof piece);
		if (got <= 0) return;
		left -= (size_t)got;
	}
	// The door outlives a peer that is gone.
	char told[16] = { 'f' };
	uint32_t size = (uint32_t)snprintf(told + 5, sizeof told - 5, "%d", error);
	memcpy(told + 1, &size, sizeof size);
	(void)!send(peer, told, 5 + size, MSG_DONTWAIT);
}

int main(int argc, char **argv) {
	struct sockaddr_un place = { .sun_family = AF_UNIX };
	if (argc != 2 || strlen(argv[1]) >= sizeof place.sun_path) return 2;
	strcpy(place.sun_path, argv[1]);
	unlink(argv[1]);
	umask(0177);
	int door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(door, (struct sockaddr *)&place, sizeof place) || listen(door, SOMAXCONN)) {
		perror(argv[1]);
		return 1;
	}
	umask(022);
	signal(SIGPIPE, SIG_IGN);
	// Nobody asks how those who serve have ended.
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int peer = accept4(door, NULL, NULL, SOCK_CLOEXEC);
		if (peer < 0) {
			// Too many files or too little memory: it would be refused again at once.
			poll(NULL, 0, 50);
			continue;
		}
		pid_t served = fork();
		if (served == 0) {
			close(door);
			serve(peer);
			_exit(0);
		}
		if (served < 0) refuse(peer, errno);
		close(peer);
	}
}
