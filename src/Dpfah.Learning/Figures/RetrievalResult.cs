using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Figures;

/// <summary>One result of a <see cref="TopResultsFigure"/>.</summary>
/// <param name="Picture">The picture.</param>
/// <param name="Relevant">Whether it shares a label with the query; if not it gets a red frame.</param>
public sealed record RetrievalResult(RgbImage Picture, bool Relevant);
