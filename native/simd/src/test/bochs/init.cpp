// The first process of a machine that Bochs emulates: runs a program, says on the console how it ended, and switches
// the machine off. run-in-bochs.sh looks for the lines that begin with "init: ".
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/io.h>
#include <sys/klog.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace {

// Of syslog(2): no more messages of the kernel between those of the program.
constexpr int CONSOLE_OFF = 6;
// Of Bochs: it ends when this word is written to this port.
constexpr unsigned short SHUTDOWN_PORT = 0x8900;
constexpr char SHUTDOWN[] = "Shutdown";
// Of shells, for a program that could not be run, and for one that a signal has ended.
constexpr int CANNOT_RUN = 127;
constexpr int SIGNALLED = 128;

// Replaces the process by /program, with the arguments that /arguments holds, each ended by a zero. Those of this
// process are words that the kernel did not know.
void become_program() {
  constexpr size_t MOST_BYTES = 4096;
  char words[MOST_BYTES + 1] = {};
  char* arguments[MOST_BYTES + 2] = {};
  int file = open("/arguments", O_RDONLY);
  ssize_t bytes = read(file, words, MOST_BYTES);
  char program[] = "/program";
  int count = 0;
  arguments[count++] = program;
  for (char* word = words; word < words + bytes; word += strlen(word) + 1) {
    arguments[count++] = word;
  }
  execv(program, arguments);
}

int run() {
  pid_t program = fork();
  if (program == 0) {
    become_program();
    _exit(CANNOT_RUN);
  }
  int status = 0;
  if (program < 0 || waitpid(program, &status, 0) < 0) {
    return CANNOT_RUN;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : SIGNALLED + WTERMSIG(status);
}

}  // namespace

int main() {
  klogctl(CONSOLE_OFF, nullptr, 0);
  std::printf("\ninit: begin\n");
  std::fflush(stdout);
  std::printf("init: exit code %d\n", run());
  std::fflush(stdout);
  tcdrain(STDOUT_FILENO);
  ioperm(SHUTDOWN_PORT, 1, 1);
  for (const char* letter = SHUTDOWN; *letter != 0; letter++) {
    outb(static_cast<unsigned char>(*letter), SHUTDOWN_PORT);
  }
  // A first process that ends is a panic.
  for (;;) {
    pause();
  }
}
