#include "attest/tcb.h"

#include <string.h>

#include "attest/der.h"

/* --- The platform, from its certificate: 1.2.840.113741.1.13.1 --- */

static const uint8_t sgx_oid[9] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01 };

/* The numbers below the extension's own OID. */
static bool oid_tail(struct sr_bytes oid, uint8_t *first, uint8_t *second)
{
	if (oid.n < sizeof sgx_oid + 1 || oid.n > sizeof sgx_oid + 2 ||
	    memcmp(oid.p, sgx_oid, sizeof sgx_oid) != 0)
		return false;
	*first = oid.p[sizeof sgx_oid];
	*second = oid.n == sizeof sgx_oid + 2 ? oid.p[sizeof sgx_oid + 1] : 0;
	return true;
}

static void svn_read(struct tcb_platform *out, struct sr_reader *r, uint8_t which, uint32_t *seen)
{
	uint32_t v;

	if (which == 18) {
		der_expect(r, DER_OCTETS);   /* CPUSVN, the same again */
		return;
	}
	v = der_u32(r);
	if (which < 1 || which > 17 || (*seen >> which & 1u) != 0
	    || v > (which == 17 ? 65535u : 255u)) {
		sr_reader_fail(r, SR_ERR_BAD_ENCODING);
		return;
	}
	*seen |= 1u << which;
	if (which == 17)
		out->pce_svn = (uint16_t)v;
	else
		out->sgx[which - 1] = (uint8_t)v;
}

static void svns_read(struct tcb_platform *out, struct sr_reader *outer)
{
	struct sr_bytes list = der_expect(outer, DER_SEQUENCE);
	struct sr_reader r, item;
	uint32_t seen = 0;
	uint8_t a, b;

	if (outer->error != SR_OK)
		return;
	sr_reader_init(&r, list.p, list.n);
	while (r.left > 0 && r.error == SR_OK) {
		struct sr_bytes pair = der_expect(&r, DER_SEQUENCE);

		sr_reader_init(&item, pair.p, pair.n);
		if (!oid_tail(der_expect(&item, DER_OID), &a, &b) || a != 2)
			sr_reader_fail(&item, SR_ERR_BAD_ENCODING);
		else
			svn_read(out, &item, b, &seen);
		if (r.error == SR_OK && sr_reader_finish(&item) != SR_OK)
			sr_reader_fail(&r, SR_ERR_BAD_ENCODING);
	}
	if (r.error != SR_OK || seen != 0x3fffe)
		sr_reader_fail(outer, SR_ERR_BAD_ENCODING);
}

static bool octets(uint8_t *out, size_t n, struct sr_reader *r)
{
	struct sr_bytes b = der_expect(r, DER_OCTETS);

	if (r->error != SR_OK || b.n != n)
		return false;
	memcpy(out, b.p, n);
	return true;
}

enum sr_error tcb_platform_read(struct tcb_platform *out, struct sr_bytes extension)
{
	struct sr_reader outer, r, item;
	struct sr_bytes list;
	unsigned seen = 0;
	uint8_t a, b;

	memset(out, 0, sizeof *out);
	sr_reader_init(&outer, extension.p, extension.n);
	list = der_expect(&outer, DER_SEQUENCE);
	if (sr_reader_finish(&outer) != SR_OK)
		return SR_ERR_CHAIN_BAD;
	sr_reader_init(&r, list.p, list.n);
	while (r.left > 0 && r.error == SR_OK) {
		struct sr_bytes pair = der_expect(&r, DER_SEQUENCE);

		sr_reader_init(&item, pair.p, pair.n);
		if (!oid_tail(der_expect(&item, DER_OID), &a, &b) || b != 0
		    || (a < 16 && (seen >> a & 1u) != 0))
			return SR_ERR_CHAIN_BAD;
		if (a < 16)
			seen |= 1u << a;
		if (a == 2)
			svns_read(out, &item);
		if ((a == 1 && !octets(out->ppid, 16, &item)) ||
		    (a == 3 && !octets(out->pce_id, 2, &item)) ||
		    (a == 4 && !octets(out->fmspc, 6, &item)) || item.error != SR_OK)
			return SR_ERR_CHAIN_BAD;
	}
	out->ppid_known = (seen & 2u) != 0;
	/* TCB, PCEID and FMSPC must be there. */
	return r.error == SR_OK && (seen & 0x1cu) == 0x1cu ? SR_OK : SR_ERR_CHAIN_BAD;
}

/* --- Levels --- */

static bool reached(const uint8_t *have, const uint8_t *need, size_t from)
{
	for (size_t i = from; i < 16; i++)
		if (have[i] < need[i])
			return false;
	return true;
}

/* The first of the list is the newest; the first that is reached counts. */
static const struct collateral_level *platform_level(const struct collateral_tcb *tcb,
    const struct tcb_platform *p, const uint8_t *tee_tcb_svn)
{
	for (size_t i = 0; i < tcb->levels.n; i++) {
		const struct collateral_level *l = &tcb->levels.at[i];

		if (!reached(p->sgx, l->sgx, 0) || p->pce_svn < l->svn)
			continue;
		/* With a module major version the first two bytes are the module's own. */
		if (tee_tcb_svn == NULL || reached(tee_tcb_svn, l->tdx, tee_tcb_svn[1] > 0 ? 2 : 0))
			return l;
	}
	return NULL;
}

static const struct collateral_level *isv_level(
    const struct collateral_levels *levels, uint32_t svn)
{
	for (size_t i = 0; i < levels->n; i++)
		if (svn >= levels->at[i].svn)
			return &levels->at[i];
	return NULL;
}

static const struct collateral_module *module_find(
    const struct collateral_tcb *tcb, const uint8_t *tee_tcb_svn)
{
	if (tee_tcb_svn[1] == 0)
		return tcb->module_known ? &tcb->module : NULL;
	for (size_t i = 0; i < tcb->modules_n; i++)
		if (tcb->modules[i].version == tee_tcb_svn[1])
			return &tcb->modules[i];
	return NULL;
}

static bool module_genuine(const struct collateral_module *m, const struct quote_td *td)
{
	if (memcmp(m->mrsigner, td->mr_signer_seam, sizeof m->mrsigner) != 0)
		return false;
	for (size_t i = 0; i < sizeof m->attributes; i++)
		if ((td->seam_attributes[i] & m->attributes_mask[i]) != m->attributes[i])
			return false;
	return true;
}

static bool qe_genuine(const struct collateral_qe *id, const struct quote_report *qe)
{
	for (size_t i = 0; i < sizeof id->miscselect; i++)
		if ((qe->miscselect[i] & id->miscselect_mask[i]) != id->miscselect[i])
			return false;
	for (size_t i = 0; i < sizeof id->attributes; i++)
		if ((qe->attributes[i] & id->attributes_mask[i]) != id->attributes[i])
			return false;
	return memcmp(qe->mrsigner, id->mrsigner, sizeof id->mrsigner) == 0 &&
	    qe->isv_prod_id == id->isv_prod_id;
}

/* --- Together --- */

static bool configuration(enum attest_status s)
{
	return s == ATTEST_CONFIGURATION_NEEDED
	    || s == ATTEST_CONFIGURATION_AND_SW_HARDENING_NEEDED;
}

static bool current(enum attest_status s)
{
	return s == ATTEST_UP_TO_DATE || s == ATTEST_SW_HARDENING_NEEDED;
}

/* A part that is older or revoked pulls the whole down. */
static enum attest_status converge(enum attest_status whole, enum attest_status part)
{
	if (part == ATTEST_REVOKED || whole == ATTEST_REVOKED)
		return ATTEST_REVOKED;
	if (part == ATTEST_NOT_SUPPORTED)
		return part;
	if (part != ATTEST_OUT_OF_DATE)
		return whole;
	if (current(whole) || whole == ATTEST_TD_RELAUNCH_ADVISED)
		return ATTEST_OUT_OF_DATE;
	if (configuration(whole) || whole == ATTEST_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED)
		return ATTEST_OUT_OF_DATE_CONFIGURATION_NEEDED;
	return whole;
}

/* Launched on an old module that was since updated under it: a relaunch would do. */
static enum attest_status relaunch(enum attest_status launch, enum attest_status now)
{
	bool old = launch == ATTEST_OUT_OF_DATE;
	bool old_configuration = launch == ATTEST_OUT_OF_DATE_CONFIGURATION_NEEDED;

	if (now == ATTEST_REVOKED || now == ATTEST_NOT_SUPPORTED)
		return now;
	if (old && current(now))
		return ATTEST_TD_RELAUNCH_ADVISED;
	if ((old && configuration(now))
	    || (old_configuration && (current(now) || configuration(now))))
		return ATTEST_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED;
	return launch;
}

struct evaluation {
	enum attest_status status, level, module;
	const struct collateral_level *platform, *module_level;
};

static void td_evaluate(struct evaluation *e, const struct tcb_platform *platform,
    const struct collateral_tcb *tcb, const uint8_t *svn)
{
	const struct collateral_module *m;

	memset(e, 0, sizeof *e);
	e->status = ATTEST_NOT_SUPPORTED;
	e->platform = platform_level(tcb, platform, svn);
	if (e->platform == NULL)
		return;
	e->level = e->platform->status;
	m = module_find(tcb, svn);
	if (m == NULL)
		return;
	if (m->levels != NULL) {
		e->module_level = isv_level(m->levels, svn[0]);
		if (e->module_level == NULL)
			return;
		e->module = e->module_level->status;
		e->status = converge(e->level, e->module);
	} else {
		e->status = e->level;
	}
}

static void note(struct attest_advisories *out, const struct collateral_level *l)
{
	for (size_t i = 0; l != NULL && i < l->advisories.n; i++) {
		size_t k = 0;

		while (k < out->n && strcmp(out->id[k], l->advisories.id[i]) != 0)
			k++;
		if (k == out->n && k < ATTEST_ADVISORIES_MAX)
			memcpy(out->id[out->n++], l->advisories.id[i], ATTEST_ADVISORY_MAX);
	}
}

static enum sr_error tdx(struct attest_result *out, const struct quote *quote,
    const struct tcb_platform *platform, const struct collateral_tcb *tcb)
{
	const struct collateral_module *m = module_find(tcb, quote->td.tee_tcb_svn);
	struct evaluation launch, now;

	if (m != NULL && !module_genuine(m, &quote->td))
		return SR_ERR_EVIDENCE_BAD;
	td_evaluate(&launch, platform, tcb, quote->td.tee_tcb_svn);
	out->dcap.level = launch.level;
	out->dcap.module = launch.module;
	out->status = launch.status;
	if (launch.status == ATTEST_NOT_SUPPORTED)
		return SR_OK;
	out->tcb_date = launch.platform->date;
	note(&out->advisories, launch.platform);
	note(&out->parts, launch.module_level);
	if (quote->td.td15) {
		td_evaluate(&now, platform, tcb, quote->td.tee_tcb_svn2);
		out->status = relaunch(launch.status, now.status);
	}
	return SR_OK;
}

enum sr_error tcb_evaluate(struct attest_result *out, const struct quote *quote,
    const struct tcb_platform *platform, const struct collateral_tcb *tcb,
    const struct collateral_qe *qe)
{
	const struct collateral_level *qe_level, *l;

	if (!qe_genuine(qe, &quote->qe))
		return SR_ERR_EVIDENCE_BAD;
	qe_level = isv_level(&qe->levels, quote->qe.isv_svn);
	out->dcap.qe = qe_level != NULL ? qe_level->status : ATTEST_NOT_SUPPORTED;
	if (quote->tdx) {
		SR_TRY(tdx(out, quote, platform, tcb));
	} else {
		l = platform_level(tcb, platform, NULL);
		out->dcap.level = l != NULL ? l->status : 0;
		out->status = l != NULL ? l->status : ATTEST_NOT_SUPPORTED;
		out->tcb_date = l != NULL ? l->date : 0;
		note(&out->advisories, l);
	}
	if (out->status != ATTEST_NOT_SUPPORTED)
		out->status = converge(out->status, out->dcap.qe);
	note(&out->parts, qe_level);
	return SR_OK;
}
