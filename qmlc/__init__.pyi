from qmlc.driver import check_file as check_file
from qmlc.driver import check_text as check_text
from qmlc.program import LoadedProgram as LoadedProgram
from qmlc.program import compile as compile
from qmlc.program import from_qiskit as from_qiskit
from qmlc.program import load as load
from qmlc.source.compile_error import CompileError as CompileError

__version__: str
