using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Explaining;

/// <summary>A preview as the network sees it.</summary>
/// <param name="Input">The network's input, as <see cref="NetworkInput"/> writes it.</param>
/// <param name="Seen">The part of the preview that it shows.</param>
internal sealed record ExplainedPicture(float[] Input, SeenPart Seen);
