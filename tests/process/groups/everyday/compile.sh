# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# A small project, compiled by make -j2, and its program run.
set -e
for n in 1 2 3 4 5 6; do
  { echo '#include <stdio.h>'; echo '#include <stdlib.h>'; echo '#include <string.h>'
    i=0; while [ $i -lt 150 ]; do echo "int f${n}_$i(int x) { char b[99]; sprintf(b, \"%d\", x * $i + $n); return atoi(b) % 1000 + (int)strlen(b); }"; i=$((i + 1)); done
    echo "int part$n(int x) { int s = 0;"; i=0; while [ $i -lt 150 ]; do echo "s += f${n}_$i(x);"; i=$((i + 1)); done; echo "return s; }"
  } >part$n.c
done
cat >main.c <<'END'
#include <stdio.h>
int part1(int), part2(int), part3(int), part4(int), part5(int), part6(int);
int main(void) { printf("%d\n", part1(3) + part2(4) + part3(5) + part4(6) + part5(7) + part6(8)); return 0; }
END
printf 'parts = main.o part1.o part2.o part3.o part4.o part5.o part6.o\nprogram: $(parts)\n\tgcc -O2 -o $@ $(parts)\n%%.o: %%.c\n\tgcc -O2 -c -o $@ $<\n' >rules
make -s -j2 -f rules
./program
nm program | grep -c ' T f'
