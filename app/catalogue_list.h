#pragma once

#include "app/command.h"
#include "gen/catalogue.h"

namespace concrete::app {

/// Prints the families of a catalogue, a line each: kind, parameters with their ranges, listed instances, summary.
/// context.result gets `families`, with sources and the names of all listed instances.
void list_catalogue(Context& context, const gen::Catalogue& catalogue);

}  // namespace concrete::app
