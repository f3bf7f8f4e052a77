# SPDX-License-Identifier: Apache-2.0
"""Emits the C++ text of one generated MPI function: translate handles, cross into the host, report errors."""

HANDLES = {"MPI_Comm", "MPI_Group", "MPI_Datatype", "MPI_Op", "MPI_Errhandler", "MPI_Info", "MPI_Request", "MPI_Win", "MPI_File"}

# class -> kind of the request that it makes
REQUESTS = {
    "collective_request": "collective",
    "persistent_collective": "",  # made by make_persistent()
    "io_request": "io",
    "rma_request": "rma",
}


# What is called often enough for a light crossing (docs/crossing.md)
OFTEN = {"collective", "collective_request", "rma", "rma_request"}


class Wrapper:
    def __init__(self, function, row):
        self.function, self.row = function, row
        self.before, self.arguments = [], []
        self.request = None
        for parameter in function.parameters:
            self.arguments.append(self.translate(parameter))

    def first(self, base):
        return next((p.name for p in self.function.parameters if p.base == base and p.depth == 0), None)

    def translate(self, p):
        name = p.name
        if p.base not in HANDLES:
            return name
        if p.depth == 0:
            if p.base == "MPI_Info":
                self.before.append(f"InfoScope real_{name}({name});")
                return f"real_{name}.get()"
            return f"to_real({name})"
        if p.base == "MPI_Request" and not p.is_const and self.row.cls in REQUESTS:
            self.request = name
            self.before.append("RealRequest* made = real_objects.request_null;")
            return f"{name} == nullptr ? nullptr : &made"
        if p.base == "MPI_Datatype" and p.is_const:
            self.before.append(f"TypeArray real_{name}({self.array(p)}, {self.length(p)});")
            return f"real_{name}.get()"
        raise ValueError(f"{self.function.name}: no rule for argument '{p.type} {name}'; write it by hand")

    def length(self, p):
        comm = self.first("MPI_Comm")
        rule = self.row.options.get("types")
        if rule == "peers":
            return f"peer_count({comm})"
        if rule == "neighbors":
            return f"neighbor_count({comm}, {'true' if p.name.startswith('send') else 'false'})"
        raise ValueError(f"{self.function.name}: say types=peers or types=neighbors in functions.table")

    def array(self, p):
        """The application's array of datatypes; one that means nothing is not looked at."""
        in_place = p.name == "sendtypes" and self.row.options.get("types") == "peers"
        return f"sendbuf == MPI_IN_PLACE ? nullptr : {p.name}" if in_place else p.name

    def own_window(self):
        """A window that is the shim's own never comes to the real library."""
        f, window = self.function, self.first("MPI_Win")
        call = f"local::{f.member}({', '.join(p.name for p in f.parameters)})"
        return [f"if (is_local({window})) {{", f"  const int rc = {call};",
                f'  return __builtin_expect(rc == MPI_SUCCESS, 1) ? rc : raise({window}, rc, "{f.name}");', "}"]

    def comm(self):
        """The communicator at whose door a collective call stands, as an expression; None if there is none."""
        if self.row.cls in ("io", "io_request"):
            return f"file_comm({self.first('MPI_File')})" if self.row.collective else None
        return self.first("MPI_Comm")

    def owner(self):
        """The object whose error handler is told, as an expression."""
        if self.row.cls == "rma" or self.row.cls == "rma_request":
            return self.first("MPI_Win")
        if self.row.cls in ("io", "io_request"):
            return self.first("MPI_File")
        if self.row.cls == "world_call":
            return "MPI_COMM_WORLD"
        classes = self.row.options.get("world")
        if classes:
            told = " || ".join(f"rc == MPI_ERR_{name}" for name in classes.split(","))
            return f"{told} ? MPI_COMM_WORLD : {self.first('MPI_Comm')}"
        return self.first("MPI_Comm")

    def adopt(self):
        kind = REQUESTS[self.row.cls]
        comm = self.comm() or "nullptr"
        made = f"track_request(made, p2p::RequestKind::{kind}, {comm}{self.kept()})"
        return f"if (rc == MPI_SUCCESS) *{self.request} = {self.telling(made)};"

    def telling(self, request):
        """A request whose errors are told to the object that they would be told to at once."""
        told = self.first("MPI_File") or self.first("MPI_Win")
        return f"p2p::errors_to({told}, {request})" if told else request

    def kept(self):
        """What stays until the request is complete, as a last argument."""
        arrays = [f"std::move({a[:-len('.get()')]})" for a in self.arguments if a.startswith("real_") and "types" in a]
        op, datatype = self.first("MPI_Op"), self.first("MPI_Datatype")
        if arrays:
            return f", Kept{{{', '.join(arrays)}, {{}}, {{}}}}"
        if op and self.row.cls == "collective_request":
            return f", Kept{{{{}}, {{}}, HeldOp({op}), HeldType({datatype})}}"
        return ""

    def numbers(self, p):
        """How many numbers of the application's array mean something, as an expression."""
        comm = self.first("MPI_Comm")
        rule = self.row.options.get("counts")
        lengths = {"peers": f"peer_count({comm})", "members": f"member_count({comm})", "root": f"root_count({comm}, root)",
                   "neighbors": f"neighbor_count({comm}, {'true' if p.name.startswith('s') else 'false'})"}
        if rule not in lengths:
            raise ValueError(f"{self.function.name}: say counts=... in functions.table")
        in_place = rule == "peers" and p.name in ("sendcounts", "sdispls")
        return f"sendbuf == MPI_IN_PLACE ? 0 : {lengths[rule]}" if in_place else lengths[rule]

    def held(self, p):
        """What a recorded call holds of an argument: its initialiser and its use in the call; None if it is a value."""
        if self.row.cls == "persistent_collective" and p.array and p.base in ("int", "MPI_Aint"):
            return f"held_{p.name} = HeldNumbers<{p.base}>({p.name}, {self.numbers(p)})", f"held_{p.name}.get()"
        kind = {"MPI_Datatype": "HeldType", "MPI_Op": "HeldOp"}.get(p.base)
        if kind and p.depth:
            return f"held_{p.name} = HeldTypes({self.array(p)}, {self.length(p)})", f"held_{p.name}.real()"
        return (f"held_{p.name} = {kind}({p.name})", f"held_{p.name}.real()") if kind else None

    def later(self, parameters):
        """The call as a function object with these parameters, which holds what the application may free meanwhile."""
        f = self.function
        captures, arguments = ["="], []
        for p, argument in zip(f.parameters, self.arguments):
            held = self.held(p)
            captures += [held[0]] if held else []
            arguments.append(held[1] if held else "made" if "&made" in argument else
                             "hints" if p.base == "MPI_Info" else argument)
        call = f"cross({', '.join([f'real.{f.member}'] + arguments)})"
        return f"[{', '.join(captures)}]({parameters}) mutable noexcept {{ return {call}; }}"

    def deferrable(self, comm):
        """A non-blocking collective returns although its door is closed: the call is recorded."""
        f = self.function
        recorded = f"scope.record({self.later('RealRequest** made')})"
        return [f'CollectiveScope scope({self.request} == nullptr ? nullptr : {comm}, "{f.name}", CollectiveScope::Deferrable{{}});',
                "if (scope.deferred()) {",
                f"  *{self.request} = {self.telling(recorded)};",
                "  return MPI_SUCCESS;",
                "}"]

    def text(self):
        f = self.function
        parameters = ", ".join(f"{p.type} {p.name}" + ("[]" if p.array else "") for p in f.parameters) or "void"
        comm = self.comm()
        if self.row.collective and comm:
            guard = [f'CollectiveScope scope({comm}, "{f.name}");']
        elif self.row.cls in ("io", "io_request", "rma", "rma_request"):  # may wait for other ranks
            file = self.first("MPI_File")
            guard = [f'const InsideScope scope("{f.name}"{f", file_comm({file})" if file else ""});']
        elif self.row.collective:
            raise ValueError(f"{f.name}: collective over what? Write it by hand")
        else:
            short = self.row.cls in ("world_call", "comm_call")
            guard = ["const crcp::Brief brief;" if short else "crcp::Section section;"]
        cross = "cross_lightly" if self.row.cls in OFTEN else "cross"
        call = f"const int rc = {cross}({', '.join([f'real.{f.member}'] + self.arguments)});"
        if self.row.cls == "collective_request" or self.row.cls == "io_request" and comm:
            guard = self.deferrable(comm)
        body = guard + self.before + [call]
        if self.row.cls == "persistent_collective":
            info = next(p.name for p in f.parameters if p.base == "MPI_Info")
            init = self.later("RealInfo* hints, RealRequest** made")
            body = guard + [f"InfoScope real_{info}({info});",
                            f"rc = make_persistent({comm}, real_{info}.get(), {self.request}, {init});"]
        elif self.request:
            body.append(self.adopt())
        inner = "\n".join("    " + line for line in body).replace("const int rc =", "rc =")
        lines = ["int rc;", "{", *["  " + b.replace("const int rc =", "rc =") for b in body], "}",
                 f'return __builtin_expect(rc == MPI_SUCCESS, 1) ? rc : raise({self.owner()}, rc, "{f.name}");']
        if self.row.cls in ("rma", "rma_request"):
            lines = self.own_window() + lines
        text = f"int P{f.name}({parameters}) {{\n" + "\n".join("  " + line for line in lines) + "\n}\n"
        return text + f"CAIRN_MPI_WEAK({f.name});\n"
