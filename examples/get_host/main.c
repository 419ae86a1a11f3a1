/* A GET host for somebody else's paravisor, on a socket: the ranges come by a callback, and TIME (id 18), which
 * is none of Lowmeg's, is answered here. The paravisor is played by the other end of a socketpair. */
#include <lowmeg/lowmeg.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* Here the VM's memory map would be changed. */
static int32_t range(void *context, const lowmeg_range *range)
{
  (void)context;
  printf("%s slot %u %05llx-%05llx from %llx%s\n", range->created ? "create" : "reset", range->slot,
         (unsigned long long)range->start, (unsigned long long)range->end - 1,
         (unsigned long long)range->ram_offset, range->read_only ? " read-only" : "");
  return 0;
}

/* TIME: a header of four bytes; the answer has 100 ns units since 1601 and the zone in minutes. */
static int32_t other(void *context, const uint8_t *message, size_t size, uint8_t *answer, size_t capacity,
                     size_t *answer_size)
{
  (void)context;
  if (size < 4 || capacity < 20 || message[1] != 2 || message[2] != 18 || message[3] != 0) return 1;
  int64_t units = ((int64_t)time(NULL) + 11644473600) * 10000000;
  memset(answer, 0, 20);
  answer[0] = 1; /* version */
  answer[1] = 3; /* a response */
  answer[2] = 18;
  memcpy(answer + 8, &units, sizeof units);
  *answer_size = 20;
  return 0;
}

static void *paravisor(void *context)
{
  static const uint8_t version[] = {1, 2, 1, 0, 2, 0, 4, 0};
  static const uint8_t ask_time[] = {1, 2, 18, 0};
  uint8_t create[40] = {1, 2, 28, 0}, reset[8] = {1, 2, 29, 0}, answer[LOWMEG_MESSAGE_MAX];
  const uint64_t fields[] = {0xf0000, 0x10000, 0x3ff0000, 2}; /* start, bytes, offset, read-only */
  memcpy(create + 8, fields, sizeof fields);
  struct { const uint8_t *bytes; size_t size; } requests[] = {
      {version, 8}, {ask_time, 4}, {create, 40}, {create, 40}, {reset, 8}};
  int fd = *(int *)context;
  for (unsigned i = 0; i < 5; ++i) {
    if (send(fd, requests[i].bytes, requests[i].size, 0) < 0) break;
    ssize_t size = recv(fd, answer, sizeof answer, 0);
    if (size < 4) break;
    printf("answer to %u: %zd bytes", requests[i].bytes[2], size);
    if (answer[2] == 28) printf(", status %u", answer[4]);
    printf("\n");
  }
  shutdown(fd, SHUT_RDWR);
  return NULL;
}

static int fail(const char *what)
{
  fprintf(stderr, "%s: %s\n", what, lowmeg_error_line());
  return 1;
}

int main(void)
{
  setvbuf(stdout, NULL, _IOLBF, 0);
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) != 0) return 1;
  lowmeg_host_config config = {.size = sizeof config, .ram_bytes = 64 << 20, .no_batches = 1, .range = range, .other = other};
  lowmeg_host *host;
  lowmeg_session *session;
  lowmeg_channel *channel;
  if (lowmeg_host_create(&config, &host) != LOWMEG_OK) return fail("host");
  if (lowmeg_session_create(host, &session) != LOWMEG_OK) return fail("session");
  if (lowmeg_channel_adopt(fds[0], &channel) != LOWMEG_OK) return fail("channel");

  pthread_t thread;
  if (pthread_create(&thread, NULL, paravisor, &fds[1]) != 0) return 1;
  if (lowmeg_session_serve(session, channel, 5000) != LOWMEG_OK) return fail("serve");
  pthread_join(thread, NULL);
  lowmeg_session_close(session);
  lowmeg_host_close(host);
  lowmeg_channel_close(channel);
  return 0;
}
