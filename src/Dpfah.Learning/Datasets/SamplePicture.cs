namespace Dpfah.Learning.Datasets;

/// <summary>One picture of the bundled sample.</summary>
/// <param name="Id">Its path in the archive, such as <c>ankle-boot/00017.png</c>; unique.</param>
/// <param name="Label">Name of its class.</param>
/// <param name="Bytes">The PNG file: 28 x 28 pixels, grey.</param>
public sealed record SamplePicture(string Id, string Label, byte[] Bytes);
