//! W3C Trace Context (<https://www.w3.org/TR/trace-context/>): one trace id from a request at the front, through every
//! message that it causes, to the last effect.

use std::{fmt, future::Future, str::FromStr};

use rand::RngExt as _;

tokio::task_local! {
    static CURRENT: TraceContext;
}

/// A position in a trace: what the `traceparent` header carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    sampled: bool,
}

/// Not a `traceparent` of version 00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a traceparent header")]
pub struct NotATraceParent;

impl TraceContext {
    /// A new trace.
    #[must_use]
    pub fn root() -> Self {
        let mut random = rand::rng();
        // Zero means "invalid" in the specification, for both ids.
        Self {
            trace_id: random.random_range(1..=u128::MAX),
            span_id: random.random_range(1..=u64::MAX),
            sampled: true,
        }
    }

    /// The next hop of this trace.
    #[must_use]
    pub fn child(self) -> Self {
        Self { span_id: rand::rng().random_range(1..=u64::MAX), ..self }
    }

    /// Where the present task stands, or a new trace if it stands nowhere.
    #[must_use]
    pub fn current() -> Self {
        CURRENT.try_with(|current| *current).unwrap_or_else(|_| Self::root())
    }

    /// Runs `work` with this as its [`TraceContext::current`].
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// As [`TraceContext::scope`], for work that does not wait.
    pub fn sync_scope<T>(self, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self, work)
    }

    /// The id of the whole trace: 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, u8::from(self.sampled))
    }
}

impl FromStr for TraceContext {
    type Err = NotATraceParent;

    fn from_str(header: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = header.split('-').collect();
        let [version, trace, span, flags] = parts[..] else {
            return Err(NotATraceParent);
        };
        if version != "00" || trace.len() != 32 || span.len() != 16 || flags.len() != 2 {
            return Err(NotATraceParent);
        }
        let parse = |digits: &str| {
            // `from_str_radix` would take a sign and capitals, which the specification does not.
            let lowercase = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            u128::from_str_radix(digits, 16).ok().filter(|_| lowercase).ok_or(NotATraceParent)
        };
        let (trace_id, span_id) = (parse(trace)?, parse(span)?);
        if trace_id == 0 || span_id == 0 {
            return Err(NotATraceParent);
        }
        let span_id = u64::try_from(span_id).map_err(|_| NotATraceParent)?;
        Ok(Self { trace_id, span_id, sampled: parse(flags)? & 1 == 1 })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_traceparent_survives_the_wire() {
        let here = TraceContext::root();
        assert_eq!(here.to_string().parse(), Ok(here));
        assert_eq!(here.child().trace_id(), here.trace_id());
    }

    #[test]
    fn nonsense_is_no_traceparent() {
        for wrong in
            ["", "00", "00-0-0-00", "00-00000000000000000000000000000000-0000000000000001-01", "ÿ-ÿ-ÿ-ÿ"]
        {
            assert_eq!(wrong.parse::<TraceContext>(), Err(NotATraceParent), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_is_told_again_as_it_came(
            header in "\\PC{0,60}|00-[+0-9a-fA-F]{32}-[+0-9a-fA-F]{16}-[+0-9a-fA-F]{2}|00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]",
        ) {
            if let Ok(context) = header.parse::<TraceContext>() {
                let ids = header.rsplit_once('-').unwrap().0;
                prop_assert!(context.to_string().starts_with(ids), "{} became {}", header, context);
            }
        }

        #[test]
        fn every_position_survives_the_wire(trace_id in 1..=u128::MAX, span_id in 1..=u64::MAX, sampled: bool) {
            let here = TraceContext { trace_id, span_id, sampled };
            prop_assert_eq!(here.to_string().parse(), Ok(here));
        }
    }
}
