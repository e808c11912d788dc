"""SHA-256 of the recordings in the public clean set, by which a copy is known.

Nobody publishes sizes or checksums of the zips, which hold images too. What is
compared is what is read of them: the `skeleton_pos.txt` of each set.
"""

import collections
import hashlib
from collections.abc import Iterable

from datasets.sbu.recordings import Recording

PUBLIC = dict(
    line.split()
    for line in """\
s01s02 994075f221715437b4a77abb1f059f7af886cf46f9bfc7a9a02bae2bd5fa6a4f
s01s03 7d4bb3e93bd250d915e49ec7d2413e7550c17ec20856da194969158f80e7426c
s01s07 ca4bc286012e95bfc5de35cf621ca8c3739fb819e7c4bb5934d9cc295ddc2a2d
s02s01 37379760fa3844810e3f1f86a7975800f39223dd65d1e1ab39cf416f0b6652c0
s02s03 a8378773d237407b2db2f755d04a9f730baf908dc67349d59b3e43251a576b5c
s02s06 83d662cedc2db527e4e8ea4dd07879e5752da532d9c8d3bb425ce75c18cdb8c8
s02s07 090a81048a13c9496b3014485f4d62335bd7255d992f787e3e42992d679d0c6f
s03s02 cffe9d6f40143550c87b3765d23d6e0deced4ad51c36030291e03d2c27b480e6
s03s04 03eb14402ee44828a75bd7fa93bc401efc8aa09cae15866713bfabddac7e4b6a
s03s05 15a6cd6dfd4e7c05e9f54e22f95d197054d430228768172ae8b04875fd6b2260
s03s06 ae40b1572fdb476ea50b64a98a090a3255a356f571480ad5ad6316a7f5d5b335
s04s02 261c1db55d53dec0903e9f785bd5c02ad2849c100a734319653e5ff95eb214fc
s04s03 babbe9eb8a9bf98dd94a3529e19350a7ddb96ec2388c22d1adb4553bfc01a113
s04s06 2d88e1a545b22e85ed5f244a275323f4dacd4586a24a15a5399d7205365fc03c
s05s02 85986e4286d07dbd6d4642de52a01d35c93a4ed82b5f1c30746190a1837257d1
s05s03 06edff66a29ae8cbe454bcbed013793d17ee309325e23ba1d3ea1fcf805ccd22
s06s02 1a8e9a876a621057454dce22eba7a06daa732d00f6d485e40bbc95ebf3616357
s06s03 6a1228b8e1a79511939ab38bc52a742a552f5cec096fceadf67e64091f11034a
s06s04 cbe831a63512cb8ad53db1ef5ce093cce367f6f305bec7d1a0901d1d227dd5f1
s07s01 2b5d11887252a48554f7c2d1b9d4bc03d165e643d54ea49232233a708ba098d4
s07s03 c426c68bc62f075397606388aeddef596294d667f4be1c4957d0620fe741bedb
""".splitlines()
)


def of_sets(recordings: Iterable[Recording]) -> dict[str, str]:
    """The checksum of each set: over names and lines, however these end.

    Args:
        recordings: Sorted by `clip_id`, as a survey returns them.

    Raises:
        RawDataError: A recording or its zip is damaged.
    """
    digests: dict[str, hashlib._Hash] = collections.defaultdict(hashlib.sha256)
    for recording in recordings:
        lines = recording.read_bytes().splitlines()
        content = b"\n".join([recording.clip_id.encode(), *lines, b""])
        digests[recording.set].update(content)
    return {name: digest.hexdigest() for name, digest in digests.items()}
