// SPDX-License-Identifier: Apache-2.0
// The header in C++.
#include <libcr.h>

#include <iostream>

int main() { std::cout << cr_strerror(CR_ENOSUPPORT) << '\n'; }
