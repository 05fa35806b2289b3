"""Self-tests of the checks: each is fed what it must refuse, and what it
must let pass.

SPDX-License-Identifier: BSD-2-Clause
"""
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from checks import all as catalogue  # noqa: E402
from checks import rooms, text, tools, tree  # noqa: E402
from checks.tree import File, Finding  # noqa: E402

SPDX = "SPDX-License-" + "Identifier: BSD-2-Clause"
HEAD = f"/*\n * What this is for.\n *\n * {SPDX}\n */\n"


class Case(unittest.TestCase):
    def refused(self, check: object, path: str, source: str,
                words: str = "", line: int = 0) -> None:
        found = check([File(path, source)])
        self.assertTrue(found, f"{path} passed:\n{source}")
        self.assertIn(words, found[0].text)
        self.assertEqual(found[0].path, path)
        if line:
            self.assertEqual(found[0].line, line, found)

    def passed(self, check: object, path: str, source: str) -> None:
        self.assertEqual([str(f) for f in check([File(path, source)])], [])


class Costs(Case):
    def test_readme(self) -> None:
        lock = Path(self.enterContext(tempfile.TemporaryDirectory())) / "l"
        lock.write_text("costs:\n  vsgi: {units: insn, n: 1, min: 1, "
                        "p50: 1149, p99: 2}\n")

        def check(files: list[File]) -> list[Finding]:
            return tools.readme_costs(files, lock)
        self.passed(check, "README.md", "| what | x |\n| vsgi | 1,149 | y |")
        self.refused(check, "README.md", "\n| vsgi | 149 | y |", "vsgi is "
                     "1149", 2)
        self.refused(check, "README.md", "| gone | 1 | y |", "not there")
        # Other hypervisors' figures stand between marks: of another day.
        marked = f"{tools.BEGIN}\n| vsgi | 2 | y |\n{tools.END}\n"
        self.passed(check, "README.md", marked)
        self.refused(check, "README.md", marked + "| vsgi | 2 | y |",
                     "vsgi is", 4)

    def test_peers(self) -> None:
        def check(files: list[File]) -> list[Finding]:
            return tools.readme_peers(files, "a\nb\n")
        for body, at in (("a\nb\n", 0), ("a\nc\n", 4), ("a\n", 4),
                         ("a\nb\nc\n", 5), ("", 3)):
            readme = f"x\n{tools.BEGIN}\n{body}{tools.END}\ny\n"
            if at:
                self.refused(check, "README.md", readme, "peers --record",
                             at)
            else:
                self.passed(check, "README.md", readme)
        self.refused(check, "README.md", "x", "wanted one line")


class R1(Case):
    check = staticmethod(rooms.r1_includes)

    def test_upwards(self) -> None:
        self.refused(self.check, "hypervisor/mm/pt.c",
                     '#include "lib/types.h"\n#include "vmm/vm.h"\n',
                     "mm comes before vmm", 2)
        self.refused(self.check, "hypervisor/lib/x.h",
                     '#include "arch/arm/a.h"\n', "lib comes before arch/arm")
        self.refused(self.check, "hypervisor/uart/x.c",
                     '#  include "gic/gic.h"\n', "uart comes before gic")
        self.refused(self.check, "hypervisor/vgic/x.c",
                     '#include "vtimer/vtimer.h"\n')

    def test_spelling(self) -> None:
        self.refused(self.check, "hypervisor/mm/pt.c", '#include "pt.h"\n',
                     'includes are written "room/file.h"')
        self.refused(self.check, "hypervisor/mm/pt.c",
                     '#include "misc/x.h"\n', "no room of the order")

    def test_only_port_looks_down(self) -> None:
        self.refused(self.check, "hypervisor/vmm/x.c",
                     "#include <arch_vcpu.h>\n", "only port/ looks down")
        self.passed(self.check, "hypervisor/include/port/vcpu.h",
                    "#include <arch_vcpu.h>\n")

    def test_architectures_apart(self) -> None:
        self.refused(self.check, "hypervisor/arch/fake/x.c",
                     '#include "arch/aarch64/sysreg.h"\n', "does not know")

    def test_room_that_nobody_knows(self) -> None:
        self.refused(self.check, "hypervisor/misc/x.c", "int x;\n",
                     "no room")

    def test_good(self) -> None:
        self.passed(self.check, "hypervisor/vmm/vm.c",
                    '#include "abi/bundle.h"\n#include "vgic/vgic.h"\n'
                    '#include "vmm/vm.h"\n#include <libfdt.h>\n'
                    '/* #include "boot/boot.h" */\n')
        self.passed(self.check, "hypervisor/tests/unit/x.c",
                    '#include "boot/boot.h"\n#include "shared.h"\n')
        self.passed(self.check, "guests/x.c", '#include "any.h"\n')


class R2(Case):
    check = staticmethod(rooms.r2_pure)

    def test_impure(self) -> None:
        for source, words in (
                ('void f(void) { __asm__("nop"); }\n', "assembly"),
                ('void f(void) { asm("nop"); }\n', "assembly"),
                ("volatile int x;\n", "volatile"),
                ("int x = ICH_HCR_EL2;\n", "a system register"),
                ("int x = cnthctl_el2;\n", "a system register"),
                ("x = READ_SYSREG(x);\n", "a system-register access"),
                ("#ifdef __aarch64__\n#endif\n", "a variant"),
                ("#if CONFIG_GICV3\n#endif\n", "a variant")):
            for room in rooms.PURE:
                self.refused(self.check, f"hypervisor/{room}/x.c",
                             "\n" + source, words, 2)

    def test_good(self) -> None:
        self.passed(self.check, "hypervisor/vgic/x.h",
                    "#pragma once\n/* ICH_HCR_EL2 is volatile asm */\n"
                    'char *s = "CNTV_CTL_EL0";\n')
        self.passed(self.check, "hypervisor/gic/x.c", "volatile int x;\n")


class R3(Case):
    check = staticmethod(rooms.r3_variants)

    def test_variants(self) -> None:
        for line in ("#ifdef DEBUG", "#if 0", "#ifndef FAST", "#if X > 1",
                     "#ifdef __ASSEMBLER__X", "#  ifdef BOARD_ZCU102",
                     "#ifndef VMM_X_H"):
            self.refused(self.check, "hypervisor/vmm/x.c",
                         f"int x;\n{line}\n#endif\n", "variants", 2)
        self.refused(self.check, "hypervisor/vmm/x.c",
                     "#if 1\n#elif 2\n#endif\n", "#if 1", 1)

    def test_good(self) -> None:
        self.passed(self.check, "hypervisor/include/abi/x.h",
                    HEAD + "#pragma once\n"
                    "#ifndef __ASSEMBLER__\nint x;\n#endif\n")
        self.passed(self.check, "hypervisor/tests/unit/x.c",
                    "#ifdef __SANITIZE_ADDRESS__\n#endif\n")


class R5(Case):
    names = staticmethod(rooms.r5_names)
    length = staticmethod(text.r5_length)

    def test_names(self) -> None:
        self.refused(self.names, "hypervisor/vmm/sched.c",
                     "int\npick(void)\n{\n}\n", "pick() is public", 2)
        self.refused(self.names, "hypervisor/vmm/sched.h",
                     "int\tpick(int x,\n\t    int y);\n", "pick() is decl")
        self.refused(self.names, "hypervisor/vmm/sched.c",
                     "void __attribute__((noreturn))\npick(void)\n{\n}\n",
                     "pick()")

    def test_good_names(self) -> None:
        self.passed(self.names, "hypervisor/vmm/sched.c",
                    "static int\npick(void)\n{\n\tif (x) {\n\t}\n}\n\n"
                    "int\nsched_pick(int (*f)(int))\n{\n}\n\n"
                    "int\nsched(void)\n{\n}\n\nvoid *\nmemcpy(void *a)\n{\n"
                    "}\n\nvoid\n"
                    "port_x(void)\n{\n}\n\nvoid\n__stack_chk_fail(void)\n"
                    "{\n}\n")

    def test_what_a_header_of_another_room_asks_for(self) -> None:
        header = File("hypervisor/vmm/console.h", "void\tconsole_put(char);\n")
        source = File("hypervisor/boot/main.c",
                      "void\nconsole_put(char c)\n{\n}\n")
        self.assertEqual(rooms.r5_names([header, source]), [])
        self.assertTrue(rooms.r5_names([source]))

    def test_one_header_for_the_files_of_a_room(self) -> None:
        header = File("hypervisor/boot/boot.h", "void\tsmp_start(void);\n")
        source = File("hypervisor/boot/smp.c", "")
        self.assertEqual(rooms.r5_names([header, source]), [])
        self.assertTrue(rooms.r5_names([header]))

    def test_length(self) -> None:
        self.refused(self.length, "hypervisor/vmm/x.c", "int x;\n" * 501,
                     "501 lines", 1)
        self.passed(self.length, "hypervisor/vmm/x.c", "int x;\n" * 500)
        self.passed(self.length, "hypervisor/vmm/x.c",
                    "/*\n * Over 500 lines because of tables.\n */\n"
                    + "int x;\n" * 501)
        self.refused(self.length, "x.py", "x = 1\n" * 501)


class R6(Case):
    check = staticmethod(text.r6_opening)

    def test_no_comment(self) -> None:
        self.refused(self.check, "hypervisor/x.c", "int x;\n", "no comment")
        self.refused(self.check, "x.py", "import os\n", "no comment")
        self.refused(self.check, "x.yaml", "a: 1\n", "no comment")

    def test_no_licence(self) -> None:
        self.refused(self.check, "x.c", "/*\n * What this is for.\n */\n",
                     "no SPDX")
        self.refused(self.check, "x.c", "/*\n * What this is for.\n */\n"
                     f"/* {SPDX} */\n", "no SPDX")

    def test_no_purpose(self) -> None:
        self.refused(self.check, "x.c", f"/* {SPDX} */\n", "does not say")

    def test_good(self) -> None:
        self.passed(self.check, "x.c", HEAD)
        self.passed(self.check, "x",
                    f"#!/bin/sh\n# Does a small thing.\n# {SPDX}\n")
        self.passed(self.check, "x.py", f'"""Does one thing.\n\n{SPDX}\n"""\n')


class Text(Case):
    def test_paths(self) -> None:
        for folder in ("work", "root", "home"):
            self.refused(text.paths, "x.md", f"see\n/{folder}/me/x\n",
                         "folder of", 2)
            self.refused(text.paths, "x.md", f"see `/{folder}`\n")
        self.passed(text.paths, "x.md", "net/work/x guests/root.c a/home\n"
                    "$dir/work */root {x}/root\n")

    def test_blanks(self) -> None:
        self.refused(text.blanks, "x.md", "a\nb \n", "at the end", 2)
        self.refused(text.blanks, "x.md", "a\nb", "no end", 2)
        self.refused(text.blanks, "x.md", "a\n\n", "empty lines", 2)
        self.refused(text.blanks, "x.c", "a\n\n\nb\n", "two empty", 3)
        self.passed(text.blanks, "x.c", "a\n\nb\n")

    def test_style(self) -> None:
        for source, words in (
                ("\t" * 9 + "int x = 12;\n", "83 columns"),
                ("x" * 80 + ";\n", "81 columns"),
                ("        int x;\n", "tabs, then"),
                ("\tif(x)\n", "between the keyword"),
                ("\treturn x;\n", "in parentheses"),
                ("\tif (x){\n", "before {"),
                ("#define X 1\n", "a tab goes after"),
                ("int f(void)\n{\n}\n", "starts a line"),
                ("static inline int f(void) { return (1); }\n",
                 "starts a line")):
            self.refused(text.c_style, "x.c", "\n" + source, words, 2)

    def test_good_style(self) -> None:
        self.passed(text.c_style, "x.c", (
            "#define\tX(a)\tf(a)\n/* return x; if(x){ */\n"
            "static int\nf(const char *a,\n    int b)\n{\n"
            "\tstruct s t = (struct s){ 1 };\n\tif (a)\n\t\treturn (1);\n"
            "\treturn;\n}\n\nstatic void __attribute__((noreturn))\n"
            "g(void)\n{\n}\n\nstruct s x = {\n\t1,\n};\n"
            "int h(void);\n"))


class Tools(Case):
    def in_tree(self, name: str, source: str) -> File:
        """A file that other programs can open, in the tree's build/."""
        base = tree.TOP / os.environ.get("BUILD", "build")
        base.mkdir(exist_ok=True)
        temporary = tempfile.TemporaryDirectory(dir=base)
        self.addCleanup(temporary.cleanup)
        path = Path(temporary.name) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
        return File(str(path.relative_to(tree.TOP)), source)

    def test_shell(self) -> None:
        file = self.in_tree("x.sh", "#!/bin/sh\necho $1\n")
        self.refused(tools.shell, file.path, file.text, "quote", 2)
        file = self.in_tree("x.sh", '#!/bin/sh\necho "$1"\n')
        self.passed(tools.shell, file.path, file.text)

    def test_python(self) -> None:
        file = self.in_tree("x.py", "import os\n")
        self.refused(tools.python, file.path, file.text, "F401", 1)
        file = self.in_tree("x.py", "print(1)\n")
        self.passed(tools.python, file.path, file.text)

    def test_header(self) -> None:
        file = self.in_tree("hypervisor/vmm/x.h", "struct a { nope x; };\n")
        inner = file.path[file.path.index("hypervisor/"):]
        top = tree.TOP / file.path.removesuffix(inner)
        before = tools.TOP
        self.addCleanup(setattr, tools, "TOP", before)
        tools.TOP = top
        self.refused(tools.headers, inner, file.text, "nope", 1)
        (top / inner).write_text("struct a { int x; };\n")
        self.passed(tools.headers, inner, file.text)

    def test_text_size(self) -> None:
        file = self.in_tree("x.c", "int f(int x) { return x * 3; }\n")
        source = tree.TOP / file.path
        elf = source.with_suffix(".elf")
        subprocess.run([f"{tools.CROSS}gcc", "-nostdlib", "-Wl,-ef", "-o",
                        elf, source], check=True)
        self.assertEqual(tools.text_size(elf), [])
        self.assertIn("under 16", tools.text_size(elf, 16)[0].text)
        source.write_text("__attribute__((section(\".text_ext\"))) "
                          "int f(int x) { return x * 3; }\n"
                          "int g(void) { return 1; }\n")
        subprocess.run([f"{tools.CROSS}gcc", "-nostdlib", "-Wl,-eg", "-o",
                        elf, source], check=True)
        self.assertEqual(tools.text_size(elf), [])
        self.assertIn("of .text_ext; under 16",
                      tools.text_size(elf, extension=16)[0].text)
        self.assertIn("not built", tools.text_size(
            source.with_suffix(".none"))[0].text)

    def test_line_count(self) -> None:
        files = [File("hypervisor/vmm/x.c", "/* no\n * no */\n\nint x;\n" * 5),
                 File("hypervisor/tests/x.c", "int x;\n" * 99),
                 File("hypervisor/uart/x.c", "int x;\n" * 99),
                 File("hypervisor/boot/x.lds", "x = 1;\n" * 99),
                 File("hypervisor/virtio/x.c", "int x;\n" * 70),
                 File("hypervisor/devices/x.c", "int x;\n" * 30)]
        self.assertEqual(tools.line_count(files, 6), [])
        self.assertIn("5 lines", tools.line_count(files, 5)[0].text)
        self.assertEqual(tools.line_count(files, 6, 101), [])
        self.assertIn("100 lines of extensions",
                      tools.line_count(files, 6, 100)[0].text)


class Catalogue(unittest.TestCase):
    def test_every_check_sees_the_project(self) -> None:
        names = {file.path for file in tree.project()}
        self.assertIn("ci/check", names)
        self.assertIn("Makefile", names)
        self.assertGreater(len(names), 100)

    def test_code_of_keeps_places(self) -> None:
        source = 'a /* b\n c */ "d\\"e" // f\n'
        code = tree.code_of(source)
        self.assertEqual(len(code), len(source))
        self.assertEqual(code, 'a     \n      "    "     \n')

    def test_command(self) -> None:
        done = subprocess.run([tree.TOP / "ci" / "check", "nonsense"],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("r1_includes", done.stderr)
        self.assertEqual(len(catalogue.CHECKS), 16)
