/* Holds a pod's namespaces and reaps what is orphaned into its pid namespace; ends on SIGTERM or SIGINT. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void end(int sig) { (void)sig; _exit(0); }
static void reap(int sig) { (void)sig; while (waitpid(-1, 0, WNOHANG) > 0); }

int main(void) {
  struct sigaction ending = {.sa_handler = end}, reaping = {.sa_handler = reap, .sa_flags = SA_NOCLDSTOP};
  sigaction(SIGTERM, &ending, 0);
  sigaction(SIGINT, &ending, 0);
  sigaction(SIGCHLD, &reaping, 0);
  for (;;) pause();
}
