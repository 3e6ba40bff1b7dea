using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Primitives;

namespace Dpfah.Api.Http;

/// <summary>
/// Checks the query string of an endpoint against its parameters: unknown names, repeated single values, values of another
/// type or out of range are refused by name. Nothing is ignored.
/// </summary>
internal static class QueryGuard
{
    /// <summary>Adds the check to every endpoint of a group or to one endpoint.</summary>
    public static TBuilder WithQueryGuard<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder =>
        builder.AddEndpointFilterFactory((context, next) =>
        {
            Dictionary<string, Parameter> known = Parameters(context.MethodInfo).ToDictionary(p => p.Name, StringComparer.Ordinal);
            return invocation =>
                Check(invocation.HttpContext.Request.Query, known) is { } problem ? ValueTask.FromResult<object?>(problem) : next(invocation);
        });

    private static Microsoft.AspNetCore.Http.HttpResults.ProblemHttpResult? Check(IQueryCollection query, Dictionary<string, Parameter> known)
    {
        foreach ((string name, StringValues values) in query)
        {
            if (!known.TryGetValue(name, out Parameter? parameter))
            {
                return Problems.BadParameter(
                    name,
                    known.Count == 0
                        ? $"There is no query parameter '{name}' here: this path takes none."
                        : $"There is no query parameter '{name}' here. Known: {string.Join(", ", known.Keys.Order(StringComparer.Ordinal))}.");
            }

            if (parameter.Check(values) is { } problem)
            {
                return Problems.BadParameter(name, problem);
            }
        }

        return null;
    }

    private static IEnumerable<Parameter> Parameters(MethodInfo method)
    {
        foreach (ParameterInfo parameter in method.GetParameters())
        {
            if (parameter.GetCustomAttribute<FromQueryAttribute>() is { } query)
            {
                yield return new Parameter(query.Name ?? parameter.Name!, parameter.ParameterType, parameter.GetCustomAttribute<RangeAttribute>());
            }
            else if (parameter.GetCustomAttribute<AsParametersAttribute>() is not null)
            {
                foreach (PropertyInfo property in parameter.ParameterType.GetProperties())
                {
                    if (property.GetCustomAttribute<FromQueryAttribute>() is { } inner)
                    {
                        yield return new Parameter(inner.Name ?? property.Name, property.PropertyType, property.GetCustomAttribute<RangeAttribute>());
                    }
                }
            }
        }
    }

    private sealed record Parameter(string Name, Type Type, RangeAttribute? Range)
    {
        public string? Check(StringValues values)
        {
            if (Type.IsArray)
            {
                return values.Any(string.IsNullOrEmpty) ? $"'{Name}' is empty: name a value, or leave the parameter out." : null;
            }

            if (values.Count != 1)
            {
                return $"'{Name}' is given {values.Count} times; it takes one value.";
            }

            string value = values[0] ?? "";
            if ((Nullable.GetUnderlyingType(Type) ?? Type) == typeof(int))
            {
                string wanted = Range is null ? "a whole number" : $"a whole number from {Range.Minimum} to {Range.Maximum}";
                return int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) && Range?.IsValid(number) is not false
                    ? null
                    : $"'{Name}' is {wanted}; it was '{value}'.";
            }

            if ((Nullable.GetUnderlyingType(Type) ?? Type) == typeof(double))
            {
                string wanted = Range is null ? "a number" : $"a number from {Range.Minimum} to {Range.Maximum}";
                return double.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
                    && Range?.IsValid(number) is not false
                    ? null
                    : $"'{Name}' is {wanted}; it was '{value}'.";
            }

            return value.Length == 0 ? $"'{Name}' is empty: name a value, or leave the parameter out." : null;
        }
    }
}
