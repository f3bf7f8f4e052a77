# SPDX-License-Identifier: Apache-2.0
"""generate.py INCLUDE_DIR OMITTED OUTPUT: writes, from the prototypes in mpi.h, calls that have one wrong argument each.

For each function there is one right call, of which the arguments are replaced one at a time, each by all that is wrong for
its type. The calls that the file OMITTED names crash or wait for ever in the real library, or have no answer that stays the
same; program.c says how to find them. The output is included by program.c.
"""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "mpi/shim"))
import prototypes  # noqa: E402

# Not called: what begins, ends or leaves MPI, starts or meets other processes, belongs to tools, or has no argument that can
# be wrong.
LEFT_OUT = re.compile(
    r"MPI_(T_.*|Init.*|Final.*|Abort|Comm_(spawn|connect|accept|join|disconnect|get_parent).*|(Open|Close)_port|.*_name|"
    r"Pcontrol|Wti.*|Get_(version|library_version|processor_name|address)|Address|Aint_.*|Alloc_mem|Free_mem|"
    r"Register_datarep|Win_(create.*|attach|detach|flush|flush_local|shared_query|start)|File_.*_(begin|end)|Errhandler_create|.*_c2f|Status_f2c|Query_thread|Is_thread_main|Dims_create|Intercomm_create|Grequest_.*|.*keyval.*|"
    r"Keyval.*|File_(open|delete)|Add_error.*|.*_call_errhandler)$|MPIX_.*")

# Right and wrong values by what a parameter is. A parameter's name comes before its type.
RANKS = ("0", ["77", "-7"])
NAMES = {
    ("int", "dest"): RANKS, ("int", "source"): RANKS, ("int", "root"): RANKS, ("int", "rank"): RANKS,
    ("int", "target_rank"): RANKS, ("int", "tag"): ("3", ["-9"]), ("int", "sendtag"): ("3", ["-9"]),
    ("int", "recvtag"): ("3", ["-9"]), ("int", "whence"): ("MPI_SEEK_SET", ["4711"]), ("int", "n"): ("0", ["-1"]),
    ("int", "lock_type"): ("MPI_LOCK_SHARED", ["4711"]), ("int", "direction"): ("0", ["-1", "5"]),
    ("int", "split_type"): ("MPI_COMM_TYPE_SHARED", ["-12345"]), ("int", "color"): ("0", ["-12345"]),
    ("int", "order"): ("MPI_ORDER_C", ["4711"]), ("int", "typeclass"): ("MPI_TYPECLASS_REAL", ["4711"]),
    ("int", "size"): ("4", ["-1", "3"]), ("int", "errorcode"): ("1", ["-1", "4711"]), ("int", "assert"): ("0", ["1048576"]),
    ("MPI_Offset", "size"): ("64", ["-1"]), ("MPI_Offset", "offset"): ("0", ["-1"]),
    ("const char *", "datarep"): ('"native"', ["NULL", '"no such"']), ("const char *", "key"): ('"key"', ["NULL", '""', "long_text"]),
    ("const char *", "value"): ('"value"', ["NULL", "long_text"]),
}
TYPES = {
    "int": ("1", ["-1"]), "MPI_Aint": ("0", ["-1"]), "MPI_Offset": ("0", ["-1"]), "MPI_Count": ("1", ["-1"]), "MPI_Fint": ("0", ["-1", "12345678"]),
    "MPI_Datatype": ("MPI_INT", ["MPI_DATATYPE_NULL", "NULL", "uncommitted"]),
    "MPI_Comm": ("self", ["MPI_COMM_NULL", "NULL", "cart"]), "MPI_Group": ("group", ["MPI_GROUP_NULL", "NULL"]),
    "MPI_Op": ("MPI_SUM", ["MPI_OP_NULL", "NULL", "MPI_MINLOC", "MPI_REPLACE"]), "MPI_Info": ("info", ["MPI_INFO_NULL", "NULL"]),
    "MPI_File": ("file", ["MPI_FILE_NULL", "NULL", "read_only"]), "MPI_Win": ("window", ["MPI_WIN_NULL", "NULL"]),
    "MPI_Request": ("request_null", ["NULL"]), "MPI_Message": ("MPI_MESSAGE_NO_PROC", ["MPI_MESSAGE_NULL", "NULL"]),
    "MPI_Errhandler": ("MPI_ERRORS_RETURN", ["MPI_ERRHANDLER_NULL", "NULL", "of_file"]),
    "const void *": ("bytes", ["NULL", "MPI_IN_PLACE", "more_bytes"]), "void *": ("more_bytes", ["NULL", "MPI_IN_PLACE"]),
    "const char *": ("text", ["NULL"]), "char *": ("text", ["NULL"]),
    "MPI_Status *": ("MPI_STATUS_IGNORE", []), "const MPI_Status *": ("&status", ["NULL"]),
    "const int[]": ("ones", ["NULL", "negatives"]), "int[]": ("room", ["NULL"]), "const MPI_Aint[]": ("addresses", ["NULL"]),
    "const MPI_Datatype[]": ("types", ["NULL", "null_types"]), "MPI_Request[]": ("requests", ["NULL"]),
    "MPI_Status[]": ("MPI_STATUSES_IGNORE", []), "MPI_Datatype[]": ("types_out", ["NULL"]), "MPI_Aint[]": ("addresses_out", ["NULL"]),
    "const char[]": ("text", ["NULL"]), "const int": ("0", ["-1"]),
}
HANDLES = {"MPI_Request": "MPI_REQUEST_NULL", "MPI_Datatype": "MPI_DATATYPE_NULL", "MPI_Comm": "MPI_COMM_NULL", "MPI_Group": "MPI_GROUP_NULL",
           "MPI_Errhandler": "MPI_ERRHANDLER_NULL", "MPI_Info": "MPI_INFO_NULL", "MPI_Win": "MPI_WIN_NULL", "MPI_File": "MPI_FILE_NULL",
           "MPI_Message": "MPI_MESSAGE_NULL", "MPI_Op": "MPI_OP_NULL"}
NUMBERS = {"int": "number", "MPI_Aint": "address", "MPI_Count": "big_number", "MPI_Offset": "offset"}


def topology(function):
    if function.startswith("MPI_Cart") and function != "MPI_Cart_create":
        return "cart", ["MPI_COMM_NULL", "NULL", "self", "graph"]
    if function.startswith("MPI_Graph") and function != "MPI_Graph_create":
        return "graph", ["MPI_COMM_NULL", "NULL", "self", "cart"]
    if "eighbor" in function:
        return "spread", ["MPI_COMM_NULL", "NULL", "self"]
    return None


def values(function, p):
    kind = p.type + ("[]" if p.array else "")
    if (p.type, p.name) in NAMES and not p.array:
        return NAMES[p.type, p.name]
    if p.type == "MPI_Comm" and topology(function):
        return topology(function)
    if kind in TYPES:
        return TYPES[kind]
    if p.type.endswith("_function *"):
        return f"({p.type})some_function", ["NULL"]
    base = p.type.removesuffix(" *")
    if base in HANDLES:  # made by the call, or taken by it
        return f"(made.handle = {HANDLES[base]}, ({p.type})&made)", ["NULL"]
    if base in NUMBERS:
        return "&" + NUMBERS[base], ["NULL"]
    return None


def calls(functions):
    for name, function in sorted(functions.items()):
        if LEFT_OUT.fullmatch(name) or not function.parameters or function.result != "int":
            continue
        known = [values(name, p) for p in function.parameters]
        if None in known:
            print(f"not called: {name}", file=sys.stderr)
            continue
        right = [value for value, _ in known]
        for i, (_, wrong) in enumerate(known):
            for value in wrong:
                arguments = right[:i] + [value] + right[i + 1:]
                yield f"{name} {function.parameters[i].name} {value}", f"P{name}({', '.join(arguments)})"


def main():
    include, omitted, output = sys.argv[1:4]
    left = {line for line in pathlib.Path(omitted).read_text().splitlines() if line and not line.startswith("#")}
    all_calls = [(what, call) for what, call in calls(prototypes.read_functions(include)) if what not in left]
    lines = ["/* Written by generate.py. */"]
    lines += [f"static int call_{i}(void) {{ return {call}; }}" for i, (_, call) in enumerate(all_calls)]
    lines.append("static const struct wrong_call calls[] = {")
    lines += [f"    {{\"{what.replace(chr(34), chr(39))}\", call_{i}}}," for i, (what, _) in enumerate(all_calls)]
    pathlib.Path(output).write_text("\n".join(lines + ["};", ""]))


main()
