"""Modbus slaves by pymodbus, for the system tests: units 1 to 12 on a serial port, or unit 1 over TCP.

usage: modbus-slave.py serial PATH UNIT,UNIT,... | tcp PORT

Register n of unit u holds (3 n + 1009 u + 7) mod 65536, in all four tables; bits hold its lowest bit.
"""
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.device import ModbusDeviceIdentification
from pymodbus.server import StartSerialServer, StartTcpServer
from pymodbus.transaction import ModbusRtuFramer

REGISTERS = 1000


def slave(unit):
    values = [(3 * at + 1009 * unit + 7) & 0xFFFF for at in range(REGISTERS)]
    bits = [bool(value & 1) for value in values]
    return ModbusSlaveContext(
        di=ModbusSequentialDataBlock(0, bits),
        co=ModbusSequentialDataBlock(0, list(bits)),
        hr=ModbusSequentialDataBlock(0, list(values)),
        ir=ModbusSequentialDataBlock(0, values),
        zero_mode=True,
    )


identity = ModbusDeviceIdentification(
    info_name={"VendorName": "Example", "ProductCode": "P-1", "MajorMinorRevision": "2.3"}
)
kind, where = sys.argv[1], sys.argv[2]
if kind == "tcp":
    context = ModbusServerContext(slaves={1: slave(1)}, single=False)
    StartTcpServer(context=context, identity=identity, address=("127.0.0.1", int(where)))
else:
    units = [int(unit) for unit in sys.argv[3].split(",")]
    context = ModbusServerContext(slaves={unit: slave(unit) for unit in units}, single=False)
    StartSerialServer(
        context=context,
        identity=identity,
        framer=ModbusRtuFramer,
        port=where,
        baudrate=115200,
        ignore_missing_slaves=True,
    )
