using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Dpfah.Learning.Losses;

/// <summary>Options of a loss that know which values they can take.</summary>
public abstract record LossOptions
{
    /// <summary>What is wrong with the values, a clause each, such as <c>eta is -5; it is a number from 0</c>; none when all are in range.</summary>
    public abstract IEnumerable<string> Faults();

    /// <summary>A fault unless the value is a number from 0.</summary>
    /// <param name="value">A property.</param>
    /// <param name="name">Its name.</param>
    protected static IEnumerable<string> FromZero(double value, [CallerArgumentExpression(nameof(value))] string name = "") =>
        Unless(value >= 0 && double.IsFinite(value), value, "it is a number from 0", name);

    /// <summary>A fault unless the value is a number above 0.</summary>
    /// <inheritdoc cref="FromZero"/>
    protected static IEnumerable<string> AboveZero(double value, [CallerArgumentExpression(nameof(value))] string name = "") =>
        Unless(value > 0 && double.IsFinite(value), value, "it is a number above 0", name);

    /// <summary>A fault unless the condition holds.</summary>
    /// <param name="condition">What the value has to be.</param>
    /// <param name="value">A property.</param>
    /// <param name="right">The condition in words.</param>
    /// <param name="name">The property's name.</param>
    protected static IEnumerable<string> Unless(
        bool condition, double value, string right, [CallerArgumentExpression(nameof(value))] string name = "") =>
        condition ? [] : [FormattableString.Invariant($"{JsonNamingPolicy.CamelCase.ConvertName(name)} is {value}; {right}")];
}
