#pragma once

#include "integration/faults/scenario.hpp"

#include <string>

// Each check returns a description of the problem; empty: none.
namespace faults {

/// Checks the invariants after an ADD, DEL or GC with a fault. The call has answered in time; an error has an error
/// object. Success is complete: after an ADD the container has its network, after a DEL it has none. A failed ADD
/// leaves nothing, and a failed DEL succeeds when it is repeated.
std::string check_invariants(const std::string& verb, Scenario& scenario, const support::Answer& answer);

/// A call in which a fault was injected.
struct CallWithFault {
  const support::Snapshot& expected;  ///< the node after an ADD without a fault
  const support::FaultOutcome& outcome;
};

/// The same, and after a success the node must be as expected. Checks CHECK, too.
std::string check_invariants(const std::string& verb, Scenario& scenario, const CallWithFault& call);

/// The same, but a failed ADD may leave objects that a DEL then deletes.
std::string check_after_del(const std::string& verb, Scenario& scenario, const CallWithFault& call);

/// The state of a new node after an ADD, when it no longer changes. Throws std::runtime_error if the ADD fails.
support::Snapshot snapshot_after_add(const Network& network, Scenario::OtherContainer other_container);

/// An exit status other than 0 and 1, or 1 without an error object.
std::string answer_failure(const support::FaultOutcome& outcome);

/// "ACT failed" with the answer; empty for a success.
std::string failure_of(const std::string& act, const support::Answer& answer);

/// The problem, followed by the whole answer.
std::string describe(const std::string& problem, const support::Answer& answer);

}  // namespace faults
