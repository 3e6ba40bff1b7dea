using Dpfah.Learning.Training;

namespace Dpfah.Learning.Reproduction;

/// <summary>What is done in a cell.</summary>
public enum CellKind
{
    /// <summary>A network is trained and measured on the queries.</summary>
    Trained,

    /// <summary>A hash layer is fitted without labels and measured on the queries.</summary>
    Unsupervised,

    /// <summary>A network is trained on a part of the training pictures and measured on the others, epoch by epoch; never on the queries.</summary>
    Validation,
}

/// <summary>One number of a table or one curve of a figure: a method, a code length, a seed, and what differs from the defaults.</summary>
/// <param name="Name">Name of its folder, such as <c>dpfah-48-s1</c>; unique in a reproduction.</param>
/// <param name="Kind">What is done.</param>
/// <param name="Method">Name of the method.</param>
/// <param name="Options">The options of its training.</param>
/// <param name="KeepsModel">Whether the model stays, because a figure needs it.</param>
/// <param name="MeasuresPreviews">Whether the model is measured by way of previews too, as a service sees pictures.</param>
public sealed record Cell(
    string Name, CellKind Kind, string Method, TrainingOptions Options, bool KeepsModel = false, bool MeasuresPreviews = false);
