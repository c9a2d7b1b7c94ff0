/* Runs `murmur live` as a child process: sends it a file of raw PCM in pieces of 100 ms, prints each event as it comes.
 * child SOUND.pcm COMMAND ... */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what) {
    perror(what);
    exit(1);
}

int main(int count, char **arguments) {
    int to[2], from[2];
    if (count < 3 || pipe(to) || pipe(from)) fail("pipe");
    FILE *sound = fopen(arguments[1], "rb");
    if (!sound) fail(arguments[1]);
    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        close(to[1]);
        close(from[0]);
        execvp(arguments[2], arguments + 2);
        fail(arguments[2]);
    }
    close(to[0]);
    close(from[1]);
    struct pollfd ends[2] = {{.fd = from[0], .events = POLLIN}, {.fd = to[1], .events = POLLOUT}};
    char piece[800], line[65536];
    for (;;) {
        if (poll(ends, 2, -1) < 0) fail("poll");
        if (ends[0].revents) {
            ssize_t got = read(from[0], line, sizeof line);
            if (got <= 0) break;
            fwrite(line, 1, (size_t)got, stdout);
        }
        if (ends[1].revents) {
            size_t got = fread(piece, 1, sizeof piece, sound);
            if (got == 0) {
                close(to[1]);
                ends[1].fd = -1;
            } else if (write(to[1], piece, got) != (ssize_t)got) {
                fail("write");
            }
        }
    }
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
