#pragma once

#include <optional>
#include <string>

#include <comir/registration/methods/registration_method.hpp>

/// A transform's kind and numbers, for people, in lines on stdout.
void print_transform(comir::method_result const& result);
/// Its bend, if there is one, or that there is none, if one was asked for by --transform.
void print_bend(comir::method_result const& result, std::string const& transform);
/// What a method says of its result: value, whether it converged, confidence.
void print_confidence(comir::method_result const& result, std::string const& method);
/// How well the images fit, overlap and time; `pixel` is the fixed image's in micrometres, if that is known.
void print_fit(comir::method_result const& result, std::optional<double> pixel = {});
