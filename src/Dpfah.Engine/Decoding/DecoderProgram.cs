using Dpfah.Engine.Training;

namespace Dpfah.Engine.Decoding;

/// <summary>The program whose processes decode pictures: <c>dpfah</c>, the terminal program, by a verb of its own.</summary>
/// <param name="Assembly">Path of its assembly.</param>
/// <param name="Arguments">Arguments behind those that <see cref="DecoderLoop"/> needs.</param>
public sealed record DecoderProgram(string Assembly, params IReadOnlyList<string> Arguments)
{
    /// <summary>The program beside this one.</summary>
    public static DecoderProgram Beside { get; } = new(TrainingProgram.Beside.Assembly);
}
