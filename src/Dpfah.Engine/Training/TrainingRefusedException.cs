namespace Dpfah.Engine.Training;

/// <summary>A training cannot be started as it was asked for.</summary>
/// <param name="code">A stable word for the reason.</param>
/// <param name="message">The reason, in a sentence that says what to change.</param>
/// <param name="isConflict">Whether the same request may do at another time: a name is taken.</param>
public sealed class TrainingRefusedException(string code, string message, bool isConflict = false) : Exception(message)
{
    /// <summary>A stable word for the reason.</summary>
    public string Code { get; } = code;

    /// <summary>Whether the same request may do at another time.</summary>
    public bool IsConflict { get; } = isConflict;
}
