#ifndef CONSORT_REPORT_PAGE_H
#define CONSORT_REPORT_PAGE_H

/// The statements of the page's script, in UTF-8: the files of Scripts/, in the order of ReportPage.c.
const char *consort_report_script(void);

/// The page's style, in UTF-8: the files of Styles/, in the order of ReportPage.c.
const char *consort_report_style(void);

#endif
