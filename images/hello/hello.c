/*
 * A web server that says who it is: what labs put behind a Service to see which pod answered, and roll from version 1
 * to version 2. Answers any request; /healthz tells whether it is well, POST /sick and POST /well change that.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int isWell = 1;
static void end(int sig) { (void)sig; _exit(0); }

static void answer(int client, const char *peer) {
  char request[4096] = "", host[256] = "", body[1024], head[256];
  struct timeval patience = {.tv_sec = 2};
  setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ssize_t got = read(client, request, sizeof request - 1);
  if (got <= 0) return;
  gethostname(host, sizeof host - 1);
  if (!strncmp(request, "POST /sick", 10)) isWell = 0;
  if (!strncmp(request, "POST /well", 10)) isWell = 1;
  int isHealth = !strncmp(request, "GET /healthz", 12), ok = !isHealth || isWell;
  int length = isHealth ? snprintf(body, sizeof body, "%s\n", isWell ? "ok" : "sick")
                        : snprintf(body, sizeof body, "Hello, world!\nVersion: %s\nHostname: %s\nClient: %s\n", VERSION, host, peer);
  int headLength = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n",
                            ok ? "200 OK" : "503 Service Unavailable", length);
  if (write(client, head, headLength) > 0 && write(client, body, length) > 0 && !isHealth) {
    printf("%s %.*s\n", peer, (int)strcspn(request, "\r\n"), request);
    fflush(stdout);
  }
}

int main(void) {
  const char *port = getenv("PORT");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port ? atoi(port) : 8080)}, from;
  int server = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  signal(SIGTERM, end);
  signal(SIGINT, end);
  signal(SIGPIPE, SIG_IGN);
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(server, (void *)&address, sizeof address) || listen(server, 128)) { perror("listen"); return 1; }
  printf("Server listening on port %d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    socklen_t size = sizeof from;
    int client = accept(server, (void *)&from, &size);
    if (client < 0) continue;
    answer(client, inet_ntoa(from.sin_addr));
    close(client);
  }
}
