// The files of the report's page as bytes of the program, which then needs no file beside it.
#include "CReportPage.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char script[] = {
#embed "Scripts/report.js" suffix(,)
#embed "Scripts/numbers.js" suffix(,)
#embed "Scripts/chart-layout.js" suffix(,)
#embed "Scripts/chart-drawing.js" suffix(,)
#embed "Scripts/candidate-panel.js" suffix(,)
#embed "Scripts/pinning.js" suffix(,)
#embed "Scripts/budget.js" suffix(,)
#embed "Scripts/start.js" suffix(,)
    0};

// Later rules win: screens and print come last.
static const unsigned char style[] = {
#embed "Styles/colours.css" suffix(,)
#embed "Styles/text.css" suffix(,)
#embed "Styles/tables.css" suffix(,)
#embed "Styles/explorer.css" suffix(,)
#embed "Styles/sections.css" suffix(,)
#embed "Styles/small-screens.css" suffix(,)
#embed "Styles/print.css" suffix(,)
    0};

const char *consort_report_script(void) { return (const char *)script; }

const char *consort_report_style(void) { return (const char *)style; }
