using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Dpfah.Engine.Search;

/// <summary>A place in the change log: what a write returns, and what a search can wait for.</summary>
/// <param name="Epoch">The database's epoch; positions of another epoch cannot be compared.</param>
/// <param name="Value">Id of the writing transaction (PostgreSQL) or number of the log row (SQLite).</param>
public readonly record struct Position(int Epoch, ulong Value)
{
    /// <summary>Reads <c>epoch:value</c>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Position position)
    {
        position = default;
        string[] parts = text?.Split(':') ?? [];
        if (parts.Length != 2
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int epoch)
            || !ulong.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong value))
        {
            return false;
        }

        position = new Position(epoch, value);
        return true;
    }

    /// <summary>The position as <c>epoch:value</c>.</summary>
    public override string ToString() => $"{Epoch}:{Value}";
}
