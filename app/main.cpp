#include "app/command.h"

int main(int argc, char** argv) {
    return concrete::app::run_program(argc, argv);
}
